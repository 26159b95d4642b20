"""Calendars that are broken, odd or hostile, at the real program."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import PROMPT, MakeAgent, wait_for
from tests.program.machine import punctual, spare
from tests.program.test_lecture import delivered, states, the, times

CALENDAR = 'GET /recordings/calendars'
PRINTER = """
import json, sys, time
with open(sys.argv[1], 'w') as file:
    json.dump([sys.argv[1:], time.time()], file)
"""
"""A recorder that writes down what it was called with."""

TWO_LINES = r'two\n2030-01-01 pyca ERROR lines'
"""The calendar writes a line break so."""
IDS = (
    '../../../outside',
    '/tmp/pyca-outside',
    'a b',
    "it's $(touch outside) `touch outside` ; touch outside",
    '"quoted" {{dir}} {{time}}',
    '-y',
    'tab\there \x01 \x1b[31m \x7f',
    TWO_LINES,
    'x' * 300,
    '录音-запись-هـ-𝕏',
    '.',
    '..',
    '%2e%2e%2foutside',
)
TITLES = (
    '$(touch outside); rm -rf / | "quoted" \'single\' `touch outside` && %s %(dir)s {{dir}}',
    'Größe Ελληνικά Русский עברית العربية हिन्दी ไทย 中文 日本語 한국어 🎓',
    '<script>alert(1)</script> ]]> &amp;',
    'T' * 10_000,
)


def test_a_hostile_calendar_reaches_nothing_outside_and_costs_no_sound_event(
    core: StandIn, make_agent: MakeAgent
) -> None:
    """H17, H18: an id went unfiltered into paths, and placeholders were filled before the command was split."""
    agent = make_agent(capture={'overlap': 'parallel'})
    recorder = agent.folder / 'printer.py'
    recorder.write_text(PRINTER)
    agent.sections['capture']['command'] = f'{sys.executable} -I -S {recorder} {{{{dir}}}}/{{{{name}}}}.dat last'
    start = int(time.time() + 25 + spare())
    for number, uid in enumerate(IDS):
        core.add_event(uid, agent='hall-1', start=start, end=start + 5, title=TITLES[number % len(TITLES)])
    sound = core.add_event('sound', agent='hall-1', start=start, end=start + 5)

    agent.start()
    wait_for(lambda: (agent.recordings / 'schedule.json').exists())
    wait_for(lambda: len(agent.media()) >= len(IDS) + 1)
    wait_for(delivered(core, sound))
    wait_for(lambda: all('capture_finished' in states(core, uid) for uid in IDS if uid != TWO_LINES))
    wait_for(lambda: agent.logged().count(': recording finished') > len(IDS))

    for path in agent.media():
        words, began = json.loads(path.read_bytes())
        assert [words[1:], punctual(began, start, PROMPT + 5 + spare())] == [['last'], True]
        assert words[0] == str(path)
    assert {path.parent.parent for path in agent.media()} == {agent.recordings}
    assert not list(agent.folder.parent.rglob('outside*'))
    assert not Path('/tmp/pyca-outside').exists()
    assert core.failures == []
    assert not [line for line in agent.logged().splitlines() if line.startswith('2030-01-01')]


def odd_calendar(start: int) -> str:
    """Line feeds only, folded by tabs, in a time zone, twice the same entry; one without an end, one that is none."""
    begin = f'{datetime.fromtimestamp(start, ZoneInfo("Asia/Kolkata")):%Y%m%dT%H%M%S}'
    good = ['BEGIN:VEVENT', 'UID:4711', f'DTSTART;TZID=Asia/Kol\n\tkata:{begin}', 'DURATION:PT\n\t4S', 'END:VEVENT']
    endless = ['BEGIN:VEVENT', 'UID:endless', 'DTSTART:20300101T000000Z', 'END:VEVENT']
    lines = ['BEGIN:VCALENDAR', *good, *endless, 'BEGIN:VEVENT', 'Mahlzeit', 'END:VEVENT', *good, 'END:VCALENDAR', '']
    return '\n'.join(lines)


def test_no_calendar_is_too_odd_to_record_what_can_be_read_in_it(core: StandIn, make_agent: MakeAgent) -> None:
    """H34, H35, H36: a page of a proxy, line feeds or a time zone emptied the schedule, a double entry ended it."""
    agent = make_agent()
    start = int(time.time() + 45 + spare())
    known = core.add_event(agent='hall-1', start=start, end=start + 4)
    core.add_event('4711', agent='hall-1', start=start + 4, end=start + 8)
    core.events['4711'].agent = 'hall-2'  # only the odd calendar gives it to this agent
    agent.start()
    wait_for(lambda: (agent.recordings / 'schedule.json').exists())

    kinds = (Kind.HTML, Kind.EMPTY, Kind.TRUNCATE)
    faults = [core.faults.add(Fault(CALENDAR, kind)) for kind in kinds]
    faults.append(core.faults.add(Fault(CALENDAR, Kind.STATUS, status=200, times=None, body=odd_calendar(start + 4))))
    wait_for(delivered(core, known, '4711'), limit=180)

    assert all(fault.hits for fault in faults)
    for uid in (known, '4711'):
        assert punctual(times(the(core, uid))[0], core.events[uid].start, PROMPT)
    assert 'event endless: left out, it has neither DTEND nor DURATION' in agent.logged()
    assert 'event without an id: left out' in agent.logged()
