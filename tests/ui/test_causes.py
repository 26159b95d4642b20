"""Causes on the page of a reader of another language: kept in English, said in theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from pyca.accounts.missed import OFF
from pyca.clock import SystemClock
from pyca.errors import CoreError
from pyca.event import UNSCHEDULED, Event, Outcome, together
from pyca.ingest.decision import Answer, Situation, decide
from pyca.ingest.journal import Element as Sent
from pyca.ingest.journal import Uploads
from pyca.ingest.presence import Presence
from pyca.ingest.primary import Primary
from pyca.ingest.window import UploadWindow
from pyca.opencast.answers import Response, problem
from pyca.opencast.calendar import Calendar
from pyca.opencast.causes import cause
from pyca.opencast.exchange import Answer as Arrived
from pyca.opencast.exchange import Failure, Request
from pyca.opencast.login import Login
from pyca.opencast.watch import Watch
from pyca.order import Order, OrderKind
from pyca.recording.conclusion import doubt
from pyca.recording.journal import Journal, Phase
from pyca.recording.keeper import failure
from pyca.recording.outputs import Outputs
from pyca.recording.overlap import Device
from pyca.recording.segment import Segment
from pyca.recording.standby import Standby
from pyca.recording.store import Store
from pyca.recording.verdict import End, judge
from pyca.settings import Capture, Ingest, Input, Server
from pyca.settings_inputs import Leg, choose
from pyca.states import BACKUP, EventStatus, Fault, ServiceType
from pyca.storage.faults import Faults
from pyca.storage.orders import Orders
from pyca.storage.recorded import Said
from pyca.ui.causes import Causes
from pyca.ui.languages import Languages
from tests.storage.clocks import HandClock
from tests.ui.reading import Element, read
from tests.ui.site import NOW, Site, lecture

Make = Callable[[Path], str]
ENGLISH = re.compile(
    r'\b(?:and|are|at|be|but|by|for|from|had|has|is|it|its|not|of|on|or|since|that|the|this|were|with)\b'
)
PLACE = 'POST http://core.example/ingest/addTrack'
LANGUAGES = Languages.shipped()


def crashed(folder: Path, **changes: Any) -> Journal:
    """Two runs of a recorder, late and with a gap, the second of which failed."""
    event = Event('u1', NOW, NOW + 600, 'Analysis')
    first = Segment(0, NOW, NOW + 600, ['a.mp4'], NOW + 12.0, NOW + 100.0, 1, end=End.FAILED)
    first.cause = judge(1, 0, (), {folder / 'a.mp4': 5, folder / 'b.mp4': None}).cause
    second = Segment(1, NOW, NOW + 600, ['c.mp4'], NOW + 103.0, NOW + 500.0, -9, end=End.FAILED)
    second.cause = judge(-9, 0, (), {folder / 'c.mp4': 5}).cause
    return Journal(folder, event, ('x/y',), Phase.FAILED, [first, second], **changes)


def of_two_commands(folder: Path) -> str:
    journal = crashed(folder, legs=('camera', 'sound'))
    for segment in journal.segments:
        segment.leg = 'camera'
    return journal.flaws


def of_old_files(folder: Path) -> str:
    """What a program without a journal left."""
    (folder / 'a.mp4').write_bytes(b'x')
    settings = Capture(directory=str(folder.parent), files=('{{dir}}/a.mp4',), flavors=('x/y',))
    journal = Journal(folder, Event('u1', NOW, NOW + 9, ''), ('x/y',))
    Outputs(journal, Leg('', settings)).adopt_leftovers()
    return journal.last_cause


def waits_for_the_device(event: Event) -> str:
    class Armed:
        settled = False

    holder = cast(Any, Armed())
    holder.event = event
    device = Device('first', {('u0', 0): holder}, HandClock(NOW))
    late = Event('u1', NOW - 5, NOW + 600, '')
    assert not device.is_free(late, NOW)
    return device.obstacle(late)


def refused(status: int, body: str = '', method: str = 'digest', **headers: str) -> str:
    response = Response(status, headers, body.encode(), PLACE.partition(' ')[2])
    refusal = Login(Server(username='hall:1', auth_method=method), SystemClock()).refusal()
    error = problem(response, PLACE, refusal=refusal, sent=True, now=NOW)
    assert isinstance(error, CoreError)
    return str(error)


def refusing(status: int) -> Make:
    return lambda _: refused(status)


def unmounted(folder: Path) -> str:
    standby = Standby(folder / 'pyca.db')
    Store(folder / 'r', standby=standby).prepare()
    (folder / 'r' / '.pyca').unlink()
    return Store(folder / 'r', standby=standby).trouble()


def damaged(folder: Path) -> str:
    (folder / 'rec').mkdir()
    (folder / 'rec' / 'upload.json').write_text('{')
    with pytest.raises(Exception, match='damaged') as caught:
        Uploads(folder).load('rec')
    return str(caught.value)


def lacking(folder: Path) -> str:
    (folder / 'rec').mkdir()
    return Presence(Uploads(folder), 'rec').lacking([Sent('track', 'presenter/source', str(folder / 'rec' / 'a.mp4'))])


class Primarily:
    """A core that heard something of the primary agent, and its memory."""

    def __init__(self, state: str) -> None:
        self.core = self.memory = cast(Any, self)
        self.state, self.ago = state, 9e9

    def recording_state(self, _uid: str) -> Primarily:
        return self

    def scheduler_owns(self, _uid: str) -> bool:
        return self.state != 'gone'

    def technical(self, _uid: str) -> object:
        return self if self.state != 'gone' else None

    def get(self, _key: str) -> list[str]:
        return ['owns', 'technical']


def found(state: str) -> str:
    return Primary(cast(Any, Primarily(state)), 60.0).find('u1').cause


def calendar() -> str:
    """What the schedule service says of a calendar with an event that is none."""
    lines = ('BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:u1', 'DTSTART:20300101T000000Z', 'END:VEVENT', 'END:VCALENDAR', '')
    [bad] = Calendar().parse('\r\n'.join(lines).encode()).bad
    return f'{bad}. What is known of an event that is left out stays as it was.'


def waiting(**options: Any) -> str:
    pause = UploadWindow(Ingest(**options), None, cast(Any, None), HandClock(NOW)).now()
    assert pause is not None
    return pause.text


def stalled() -> str:
    watch = Watch(SystemClock(), lambda: False, lambda: None, stall=120.0)
    watch.verdict = type(watch.verdict).STALLED
    return str(Failure(0, '', True, False).error(Request('POST', 'http://h/x'), watch, Arrived(9)))


INPUTS = Capture(inputs=(Input('camera', files=('a',), flavors=('x/y',)), Input('sound')))
REAL: dict[str, Make] = {
    'missed': lambda folder: OFF,
    'gaps': lambda folder: crashed(folder).flaws,
    'gaps of commands': of_two_commands,
    'doubt': lambda folder: doubt(crashed(folder)),
    'killed': lambda folder: judge(-9, 0, (15, 9), {}).cause,
    'unseen': lambda folder: judge(None, 0, (), {folder / 'a.mp4': 0}).cause,
    'old files': of_old_files,
    'device': lambda folder: waits_for_the_device(Event('u0', NOW - 60, NOW + 60, '')),
    'device here': lambda folder: waits_for_the_device(Event('x', NOW - 60, NOW + 60, 'A; B: C', {UNSCHEDULED: True})),
    'no program': lambda folder: failure('/opt/record', FileNotFoundError()),
    'no interpreter': lambda folder: failure(str(folder), FileNotFoundError()),
    'no permission': lambda folder: failure('/opt/record', PermissionError()),
    'inputs': lambda folder: choose(INPUTS, ('board', 'desk')).complaint,
    'no input': lambda folder: choose(INPUTS, ('sound',)).complaint,
    'not mounted': unmounted,
    'no folder': lambda folder: Store(folder / 'none').usable(),
    'a file': lambda folder: Store(Path(__file__)).trouble(),
    'damaged': damaged,
    'lacking': lacking,
    'primary failed': lambda folder: f'{BACKUP}: {found("capture_error")}; this copy can be uploaded',
    'primary busy': lambda folder: f'{BACKUP}; meanwhile {found("capturing")}',
    'primary gone': lambda folder: f'{BACKUP}; {found("gone")}',
    'calendar': lambda folder: calendar(),
    'hours': lambda folder: waiting(hours=('00:01-00:02',)),
    'stalled': lambda folder: stalled(),
    'no host': lambda folder: f'{PLACE}: {cause(6, "", connected=False)}',
    'timeout': lambda folder: f'The answer to the final call got lost: {PLACE}: {cause(28, "", connected=True)}',
    'digest': lambda folder: refused(401, **{'www-authenticate': 'Digest'}),
    'basic': lambda folder: refused(401, '', 'basic', **{'www-authenticate': 'Basic'}),
    'login page': lambda folder: refused(302, location='http://core.example/login.html'),
    'moved': lambda folder: refused(302, location='https://core.example/ingest/addTrack'),
    'maintenance': lambda folder: refused(200, '<html>Back soon</html>'),
}
REAL.update({str(status): refusing(status) for status in (400, 401, 403, 404, 407, 408, 418, 429, 500, 503)})


@pytest.fixture(scope='module')
def causes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Real ones, by what they are about."""
    return {name: make(tmp_path_factory.mktemp('there')) for name, make in REAL.items()}


def stories(site: Site, causes: dict[str, str], language: str) -> Iterator[tuple[str, Element]]:
    """What the page of each event says of its cause, after the word `Cause`."""
    for number, (name, text) in enumerate(causes.items()):
        held = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', (), Outcome.HELD, text)
        site.recorded(lecture(f'u{number}', NOW - 900, 10), held)
        page = site.get(f'/events/u{number}', **{'Accept-Language': language}).get_data(as_text=True)
        [found] = [each for each in read(page).walk() if 'cause' in each['class'].split()]
        del found.children[0]
        yield name, found


def shown(site: Site, text: str, language: str) -> Iterator[Element]:
    """Where the pages show a cause."""
    event = lecture('u1', NOW - 900, 10)
    site.recorded(event, Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', (), Outcome.HELD, text))
    Faults(site.database).raise_(ServiceType.INGEST, Fault.UPLOAD, text, NOW)
    for path in ('/status', '/events/u1', '/events/u1/delete'):
        page = read(site.get(path, **{'Accept-Language': language}).get_data(as_text=True))
        found = [each for each in page.walk() if 'cause' in each['class'].split()]
        assert found, path
        yield from found


def strange(element: Element) -> str:
    """What is said to be of another language."""
    return ' '.join(each.text for each in element.all('bdi', lang='en'))


def test_what_pyca_itself_says_is_said_in_german(site: Site, causes: dict[str, str]) -> None:
    left = {}
    for name, found in stories(site, causes, 'de'):
        ours = re.sub(r'A; B: C|/\S+', '', found.text)
        left.update({name: found.text} if ENGLISH.search(ours) or strange(found) else {})
    assert left == {}


def test_in_english_it_stays_as_it_is_kept(site: Site, causes: dict[str, str]) -> None:
    assert {name: found.text for name, found in stories(site, causes, 'en')} == causes


def test_it_is_said_wherever_a_page_shows_a_cause(site: Site) -> None:
    """In the row of the recording, with the uploads and the problems; in its story, before something is done."""
    assert len([place for place in shown(site, OFF, 'de') if 'war nicht in Betrieb' in place.text]) == 5
    assert len([place for place in shown(site, OFF, 'en') if OFF in place.text]) == 5


def test_each_decision_about_a_lost_answer_is_said_in_german() -> None:
    kinds = (Answer.YES, Answer.NO, Answer.MUTE)
    said = {
        decide(Situation(own, owns, technical, 9e9, quiet, asking, repeats)).sentence
        for own in (True, False)
        for owns in kinds
        for technical in kinds
        for quiet in (0.0, 9e9)
        for asking in (0.0, 9e9)
        for repeats in (0, 1)
    }
    said |= {decide(Situation(True, Answer.MUTE, Answer.MUTE, 9.0, quiet)).sentence for quiet in (0.0, 9e9)}
    assert len(said) == 10
    assert [one for one in said if 'lang="en"' in german(one)] == []


def german(text: str) -> str:
    return str(Causes(LANGUAGES.default).said(text, LANGUAGES['de']))


BOOM = 'Out of cheese'
ISSUER = 'SSL: unable to get issuer'


@pytest.mark.parametrize(
    ('text', 'kept', 'said'),
    [
        (BOOM, BOOM, ''),
        ('/rec/a: No space left on device', '/rec/a: No space left on device', ''),
        ('no process could be started: Too many open files', 'Too many open files', 'kein Prozess'),
        (f'begins 9 s late; {BOOM}; ends 8 s early', BOOM, 'beginnt'),
        (refused(500, BOOM), f'"{BOOM}"', 'Konflikt'),
        (cause(60, ISSUER, connected=False), ISSUER, 'CA-Datei'),
        (cause(7, 'no route: a; b', connected=False), 'no route: a; b', 'läuft der Core'),
    ],
)
def test_what_others_said_stays_and_is_known_to_be_of_another_language(
    site: Site, text: str, kept: str, said: str
) -> None:
    for place in shown(site, text, 'de'):
        assert strange(place) == kept
        assert said in place.text


def test_each_of_several_causes_is_said() -> None:
    causes = together('cancelled in the core', 'begins 12 s late', 'sound: nothing was recorded', 'a.mp4 is empty')
    plain = re.sub('<[^>]*>', '', german(causes))
    assert plain == 'im Core abgesagt; beginnt 12 s zu spät; sound: nichts wurde aufgenommen; a.mp4 ist leer'


def test_a_title_cannot_pass_for_a_sentence() -> None:
    title = 'A; B: nothing was recorded. C'
    assert f'„<bdi>{title}</bdi>“' in german(f'The upload of "{title}" fails again and again: {PLACE}: Boom')


@pytest.mark.parametrize(
    'text',
    [
        'backup mode (' * 140 + 'short of memory?' + ')' * 140,
        'meanwhile ' * 190,
        'a; ' * 600,
        'The file (' * 190,
        'x' * 10**6,
    ],
    ids=['nested', 'begun', 'parts', 'open', 'long'],
)
def test_nobody_goes_to_the_bottom_of_what_no_cause_looks_like(text: str) -> None:
    assert 'lang="en"' in german(text)


def test_a_refusal_names_its_cause_in_german(site: Site) -> None:
    orders = Orders(site.database)
    number = orders.place(Order('', 'u1', OrderKind.RECORD, 5))
    refusal = 'Nothing is recorded: /rec is not a folder; change "directory" in [capture]'
    orders.answer(number, done=False, text=refusal)
    page = read(site.get(f'/status?order={number}', **{'Accept-Language': 'de'}).get_data(as_text=True))
    assert '/rec ist kein Ordner; "directory" in [capture] ändern' in page.text
