"""Calendars of servers new, old and broken."""

from __future__ import annotations

import base64
import time
import tracemalloc
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyca.errors import NotUnderstood
from pyca.event import Event
from pyca.opencast.calendar import Calendar

PROPERTIES = 'capture.device.names=camera\nevent.title=Hörsaal\n'
ATTACH = (
    'ATTACH;FMTTYPE=application/text;VALUE=BINARY;ENCODING=BASE64;'
    'X-APPLE-FILENAME=org.opencastproject.capture.agent.properties:' + base64.b64encode(PROPERTIES.encode()).decode()
)
ENTRY = (
    'DTSTAMP:20250604T200820Z',
    'DTSTART:20250605T080000Z',
    'DTEND:20250605T093000Z',
    'SUMMARY:Analysis I\\, part 2\\; "limits" \\\\ 7',
    'UID:68b19d11-6aca-413e-b2b3-eda72eebc65a',
    'LAST-MODIFIED:20250603T080000Z',
    'DESCRIPTION:two lines:\\nHörsaal 1',
    'LOCATION:hall-1',
    'RELATED-TO:8d1e6f86',
    'ORGANIZER;CN=Ada:mailto:ada@example.org',
    ATTACH,
)
START, END = 1749110400, 1749115800
BERLIN = ZoneInfo('Europe/Berlin')


def entry(*lines: str, **changed: str) -> list[str]:
    """The lines of an entry; `changed` by name, an empty value leaves the line out."""
    kept = []
    for line in lines or ENTRY:
        name = line.replace(';', ':').split(':')[0].replace('-', '_')
        new = changed.pop(name, line)
        kept += [new] if new else []
    return ['BEGIN:VEVENT', *kept, *changed.values(), 'END:VEVENT']


def calendar(*entries: list[str], end: str = '\r\n') -> bytes:
    lines = ['BEGIN:VCALENDAR', 'PRODID:Opencast Calendar File 0.5', 'VERSION:2.0']
    return (end.join([*lines, *(line for one in entries for line in one), 'END:VCALENDAR']) + end).encode()


def only(body: bytes, zone: ZoneInfo = BERLIN) -> Event:
    parsed = Calendar(zone).parse(body)
    assert parsed.bad == []
    (event,) = parsed.events
    return event


def test_an_entry_of_today_becomes_an_event() -> None:
    event = only(calendar(entry()))

    assert (event.uid, event.start, event.end) == ('68b19d11-6aca-413e-b2b3-eda72eebc65a', START, END)
    assert event.title == 'Analysis I, part 2; "limits" \\ 7'
    assert event.attachment('org.opencastproject.capture.agent.properties') == PROPERTIES


def test_the_data_keep_the_form_of_old_installations() -> None:
    """C17."""
    data = only(calendar(entry())).data

    assert data == {
        'dtstamp': 1749067700,
        'dtstart': START,
        'dtend': END,
        'summary': 'Analysis I, part 2; "limits" \\ 7',
        'uid': '68b19d11-6aca-413e-b2b3-eda72eebc65a',
        'last-modified': '20250603T080000Z',
        'description': 'two lines:\nHörsaal 1',
        'location': 'hall-1',
        'related-to': '8d1e6f86',
        'organizer;cn=ada': 'mailto:ada@example.org',
        'attach': [
            {
                'fmttype': 'application/text',
                'x-apple-filename': 'org.opencastproject.capture.agent.properties',
                'data': PROPERTIES,
            }
        ],
    }


def folded(lines: list[str], *, by: str, width: int = 73) -> list[str]:
    done = []
    for line in lines:
        done += [line[:width], *(by + line[at : at + width] for at in range(width, len(line), width))]
    return done


@pytest.mark.parametrize('end', ['\r\n', '\n'])
@pytest.mark.parametrize('by', [' ', '\t', ''])
@pytest.mark.parametrize('blank', [True, False])
def test_folding_line_ends_and_blank_lines_change_nothing(end: str, by: str, blank: bool) -> None:
    """Trap 20, H35."""
    lines = entry()
    lines = folded(lines, by=by) if by else lines
    if blank:
        lines.insert(-1, '')

    event = only(calendar(lines, end=end))

    assert event == only(calendar(entry()))
    assert event.data == only(calendar(entry())).data


def test_a_line_may_be_folded_within_a_letter() -> None:
    body = calendar(entry(SUMMARY='SUMMARY:ä')).replace('ä'.encode(), b'\xc3\r\n \xa4')

    assert only(body).title == 'ä'


def test_names_in_lower_case_and_quoted_parameters_are_the_same() -> None:
    attach = ATTACH.replace('FMTTYPE=application/text', 'fmttype="application/text"').replace('ATTACH', 'attach')
    lines = [line.lower() if line.startswith(('DTS', 'DTE', 'UID', 'BEG', 'END')) else line for line in entry()]
    lines = [
        attach if line == ATTACH else line.replace('20250605t', '20250605T').replace('00z', '00Z') for line in lines
    ]

    event = only(calendar(lines).replace(b'VCALENDAR', b'vcalendar'))

    assert (event.start, event.end) == (START, END)
    assert event.attachments[0].mime == 'application/text'
    assert event.attachments[0].text == PROPERTIES


def test_the_period_in_the_catalog_is_not_obeyed() -> None:
    """Trap 24: it may lag behind the times of the calendar, or run ahead of them."""
    period = 'start=2024-01-01T00:00:00Z; end=2024-01-01T01:00:00Z; scheme=W3C-DTF;'
    text = f'<dublincore><dcterms:temporal>{period}</dcterms:temporal></dublincore>'
    attached = base64.b64encode(text.encode()).decode()
    line = f'ATTACH;FMTTYPE=application/xml;VALUE=BINARY;ENCODING=BASE64;X-APPLE-FILENAME=episode.xml:{attached}'

    event = only(calendar(entry(*ENTRY, line)))

    assert (event.start, event.end) == (START, END)
    assert event.attachment('episode.xml') == text


@pytest.mark.parametrize(
    ('begin', 'finish', 'start', 'end'),
    [
        ('DTSTART;TZID=Europe/Berlin:20250605T100000', 'DTEND;TZID="Europe/Berlin":20250605T113000', START, END),
        ('DTSTART;TZID=America/New_York:20250605T040000', 'DTEND:20250605T093000Z', START, END),
        ('DTSTART;VALUE=DATE-TIME:20250605T080000Z', 'DTEND:20250605T093000Z', START, END),
        ('DTSTART:20250605T100000', 'DTEND:20250605T113000', START, END),
        ('DTSTART:20250605T080000Z', 'DURATION:PT1H30M', START, END),
        ('DTSTART;VALUE=DATE:20250605', '', 1749074400, 1749160800),
        ('DTSTART;VALUE=DATE:20250605', 'DTEND;VALUE=DATE:20250606', 1749074400, 1749160800),
    ],
)
def test_times_are_understood_in_every_form(begin: str, finish: str, start: int, end: int) -> None:
    """H35; what has no zone is meant where the agent stands."""
    event = only(calendar(entry(DTSTART=begin, DTEND=finish)))

    assert (event.start, event.end) == (start, end)
    assert (event.data['dtstart'], event.data['dtend']) == (start, end)


@pytest.mark.parametrize(
    ('changed', 'why'),
    [
        ({'DTSTART': ''}, 'no DTSTART'),
        ({'DTEND': ''}, 'neither DTEND nor DURATION'),
        ({'DTSTART': 'DTSTART:soon'}, 'no time'),
        ({'DTSTART': 'DTSTART:PT1H'}, 'no time'),
        ({'DTSTART': 'DTSTART:00010101T000000', 'DTEND': 'DTEND:soon'}, 'no time'),
        ({'DTSTART': 'DTSTART;TZID=Nirgends/Da:20250605T080000'}, 'Nirgends/Da'),
        ({'DTSTART': 'DTSTART;TZID=/etc/passwd:20250605T080000'}, '/etc/passwd'),
        ({'DTEND': 'DTEND:20250605T080000Z'}, 'ends before it begins'),
        ({'DTEND': 'DURATION:-PT1H'}, 'ends before it begins'),
        ({'EXTRA': 'DTSTART:20250606T080000Z'}, 'twice'),
    ],
)
def test_a_bad_entry_costs_only_itself_and_is_named(changed: dict[str, str], why: str) -> None:
    parsed = Calendar(BERLIN).parse(calendar(entry(**changed), entry(UID='UID:good')))

    assert [event.uid for event in parsed.events] == ['good']
    assert len(parsed.bad) == 1
    assert parsed.lost == ['68b19d11-6aca-413e-b2b3-eda72eebc65a']
    assert '68b19d11' in parsed.bad[0]
    assert why in parsed.bad[0]


def test_an_entry_without_id_or_end_line_costs_only_itself() -> None:
    parsed = Calendar().parse(calendar(entry(UID=''), entry(UID='UID:open')[:-1], entry(UID='UID:good')))

    assert [event.uid for event in parsed.events] == ['good']
    assert ['without an id' in parsed.bad[0], 'open' in parsed.bad[1]] == [True, True]


def test_a_damaged_attachment_does_not_cost_the_lecture() -> None:
    parsed = Calendar().parse(calendar(entry(ATTACH=ATTACH + '!!!')))

    assert len(parsed.events) == 1
    assert parsed.events[0].attachments == []
    assert 'org.opencastproject.capture.agent.properties' in parsed.bad[0]


def test_ids_that_are_numbers_stay_text() -> None:
    event = only(calendar(entry(UID='UID:0012')))

    assert event.uid == '0012'
    assert event.data['uid'] == '0012'


def test_an_alarm_inside_an_entry_is_passed_over() -> None:
    alarm = ['BEGIN:VALARM', 'DTSTART:20300101T000000Z', 'SUMMARY:no', 'END:VALARM']
    lines = entry()

    assert only(calendar([*lines[:3], *alarm, *lines[3:]])).title.startswith('Analysis')


def test_events_come_by_start_whatever_the_order_of_the_text() -> None:
    """Trap 19."""
    late = entry(UID='UID:late', DTSTART='DTSTART:20250605T090000Z')

    assert [event.start for event in Calendar().parse(calendar(late, entry())).events] == [START, START + 3600]


def test_of_two_entries_with_the_same_start_the_later_counts() -> None:
    """H36."""
    parsed = Calendar().parse(calendar(entry(), entry(SUMMARY='SUMMARY:new')))

    assert [event.title for event in parsed.events] == ['new']
    assert 'same start' in parsed.bad[0]


def test_two_entries_with_different_starts_both_count() -> None:
    parsed = Calendar().parse(calendar(entry(), entry(DTSTART='DTSTART:20250605T090000Z')))

    assert len(parsed.events) == 2
    assert 'different starts' in parsed.bad[0]


@pytest.mark.parametrize('by', ['', ' '])
def test_a_huge_attachment_costs_neither_the_lecture_nor_the_memory(by: str) -> None:
    huge = ATTACH + 'QUJD' * (10 << 20)
    body = calendar(folded(entry(ATTACH=huge), by=by, width=10_000) if by else entry(ATTACH=huge), entry(UID='UID:b'))
    reader = Calendar()

    begun = time.process_time()
    tracemalloc.start()
    parsed = reader.parse(body)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(parsed.events) == 2
    assert 'org.opencastproject.capture.agent.properties is too large' in parsed.bad[0]
    assert parsed.lost == []
    assert parsed.events[0].attachments == []
    assert most < 3 * len(body)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'   ',
        b'<html>BEGIN:VCALENDAR</html>',
        b'BEGIN:VCALENDAR',
        b'END:VCALENDAR',
        calendar(entry())[:-30],
        calendar(entry()).replace(b'END:VCALENDAR', b''),
        calendar(entry()).replace(b'BEGIN:VCALENDAR', b''),
        b'BEGIN:VCALENDARS\nEND:VCALENDAR',
    ],
)
def test_what_is_no_whole_calendar_is_not_understood(body: bytes) -> None:
    """H34."""
    with pytest.raises(NotUnderstood):
        Calendar().parse(body)


@pytest.mark.parametrize('around', [b'', b'\xef\xbb\xbf', b'\r\n\r\n'])
def test_an_empty_calendar_is_whole(around: bytes) -> None:
    parsed = Calendar().parse(around + calendar())

    assert (parsed.events, parsed.bad) == ([], [])


def test_an_entry_that_only_got_a_new_stamp_is_not_read_again() -> None:
    """Trap 19: DTSTAMP is the time of the request."""
    reader = Calendar()
    before = reader.parse(calendar(entry(), entry(UID='UID:b'))).events

    after = reader.parse(calendar(entry(DTSTAMP='DTSTAMP:20250605T000000Z'), entry(UID='UID:b'))).events

    assert [new is old for new, old in zip(after, before, strict=True)] == [True, True]


@pytest.mark.parametrize('change', [{'DTEND': 'DTEND:20250605T100000Z'}, {'ATTACH': ATTACH[:-4]}, {'SUMMARY': ''}])
def test_an_entry_that_changed_is_read_again(change: dict[str, str]) -> None:
    """Trap 19: LAST-MODIFIED may stay as it is."""
    reader = Calendar()
    (before,) = reader.parse(calendar(entry())).events

    (after,) = reader.parse(calendar(entry(**change))).events

    assert dict(after.data) != dict(before.data)
    assert dict(after.data) == dict(only(calendar(entry(**change)), BERLIN).data)


def test_a_good_calendar_after_a_broken_one_is_whole_again() -> None:
    reader = Calendar()
    reader.parse(calendar(entry()))
    with pytest.raises(NotUnderstood):
        reader.parse(b'<html>')

    assert len(reader.parse(calendar(entry())).events) == 1


def test_ten_thousand_entries_are_read_in_seconds_and_again_at_once() -> None:
    episode = (
        f'ATTACH;VALUE=BINARY;ENCODING=BASE64;X-APPLE-FILENAME=episode.xml:{base64.b64encode(b"<x/>" * 250).decode()}'
    )
    body = calendar(*(entry(UID=f'UID:{number}', EXTRA=episode) for number in range(10_000)))
    reader = Calendar()

    begun = time.process_time()
    assert len(reader.parse(body).events) == 10_000
    first = time.process_time() - begun
    reader.parse(body.replace(b'DTSTAMP:20250604', b'DTSTAMP:20250605'))
    again = time.process_time() - begun - first

    assert first < 20
    assert again < 5
    assert again < first


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    try:
        parsed = Calendar().parse(body)
    except NotUnderstood:
        return
    assert parsed.events == []


PIECES = st.one_of(
    st.sampled_from(
        [line.encode() for line in (*ENTRY, 'BEGIN:VEVENT', 'END:VEVENT', 'BEGIN:VALARM', 'END:VALARM', '')]
    ),
    st.sampled_from([b'DTSTART;TZID=', b'DURATION:', b'DTEND;VALUE=DATE:', b'ATTACH;ENCODING=BASE64', b'UID', b' ']),
    st.binary(max_size=30),
    st.text(max_size=20).map(str.encode),
    st.from_regex(rb'\A(DTSTART|DTEND|DURATION|DTSTAMP)(;TZID=[^:]{0,9})?:[-+0-9TZPDHMSW/,.]{0,18}\Z'),
)


@settings(deadline=None)
@given(st.lists(st.lists(PIECES, max_size=3).map(b''.join), max_size=15), st.sampled_from([b'\n', b'\r\n', b'\r']))
def test_no_entry_however_broken_costs_the_good_one(lines: list[bytes], end: bytes) -> None:
    good = calendar(entry(UID='UID:good'))[len('BEGIN:VCALENDAR\r\n') :]
    body = b'\n'.join([b'BEGIN:VCALENDAR', b'BEGIN:VEVENT', end.join(lines), b'END:VEVENT', good])

    parsed = Calendar().parse(body)

    assert 'good' in [event.uid for event in parsed.events]
    assert all(event.end > event.start and event.uid for event in parsed.events)


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)), st.text())
def test_any_time_and_title_come_through(moment: datetime, title: str) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone.utc)
    escaped = title.replace('\\', '\\\\').replace(';', '\\;').replace(',', '\\,').replace('\n', '\\n')
    whole = escaped.isprintable()
    lines = entry(DTSTART=f'DTSTART:{moment:%Y%m%dT%H%M%SZ}', DTEND='DURATION:PT1S')
    lines = [f'SUMMARY:{escaped}' if line.startswith('SUMMARY') and whole else line for line in lines]

    parsed = Calendar().parse(calendar(lines))

    if moment.year >= 1000:
        (event,) = parsed.events
        assert event.start == int(moment.timestamp())
        assert not whole or event.title == title
