"""The judge of the fault run: a checker that cannot fail is worthless."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fault_run import counter, ledger
from benchmarks.fault_run.check import Check
from benchmarks.fault_run.chronicle import Chronicle, Version
from benchmarks.fault_run.evidence import Arrived, Evidence, Row
from benchmarks.fault_run.expect import Expectation
from benchmarks.fault_run.ledger import Run, Stamp
from benchmarks.fault_run.plan import CORE, MACHINE, draw
from benchmarks.fault_run.spans import EVER, union, without

START, END = 1000.0, 1010.0
UID = 'event-000'


def run(since: float = START, until: float = END, *, pid: int = 7, how: str = 'time') -> Run:
    """A recorder that wrote from then on; without `how` it was killed."""
    count = int((until - since) * 10)
    stamps = [Stamp(UID, pid, number, since + number / 10) for number in range(count)]
    return Run(pid, since, stamps, until if how else None, how)


def arrived(*runs: Run, matched: bool = True) -> Arrived:
    return Arrived(END + 2, matched, tuple(('presenter/source', tuple(one.stamps)) for one in runs))


class Scene:
    """One event, recorded and delivered well, until a test changes something."""

    def __init__(self) -> None:
        self.chronicle = Chronicle(START - 30, versions={UID: [Version(0, START, END)]}, up=[(START - 28, EVER)])
        self.evidence = Evidence()
        self.recorded(run())

    def recorded(self, *runs: Run, outcome: str = 'delivered') -> None:
        """These runs were recorded and delivered."""
        self.evidence.runs[UID] = list(runs)
        self.evidence.arrived[UID] = [arrived(*runs)]
        self.evidence.kept[UID] = [stamp for one in runs for stamp in one.stamps]
        self.evidence.states[UID] = ['capturing', 'capture_finished', 'uploading', 'upload_finished']
        self.row(7, outcome, 'in parts' if outcome != 'delivered' else '')

    def row(self, status: int, outcome: str, cause: str = '') -> None:
        self.evidence.rows[UID] = [Row(int(START), status, outcome, cause)]

    def nothing(self, outcome: str, cause: str) -> None:
        """Nothing was recorded."""
        self.evidence.runs[UID], self.evidence.kept[UID], self.evidence.states[UID] = [], [], ['capture_error']
        self.evidence.arrived.clear()
        self.row(3, outcome, cause)

    def happened(self, kind: str, since: float, until: float | None = None, on: str = '') -> None:
        self.chronicle.note(kind, since, since if until is None else until, on)

    def away(self, since: float, until: float) -> None:
        self.chronicle.up = [(START - 28, since), (until, EVER)]

    @property
    def findings(self) -> list[str]:
        return Check(self.chronicle, self.evidence).findings


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_nothing_is_found_where_all_is_well(scene: Scene) -> None:
    check = Check(scene.chronicle, scene.evidence)

    assert check.findings == []
    assert check.outcomes == {'delivered': 1}
    assert check.late == {UID: 0.0}


def test_a_start_right_before_a_harm_is_none_in_whose_way_nothing_stood(scene: Scene) -> None:
    scene.recorded(run(START + 6), outcome='delivered with gaps')
    scene.happened('power cut', START + 0.2, START + 5)
    check = Check(scene.chronicle, scene.evidence)
    assert (check.findings, check.late) == ([], {})


def lose(scene: Scene) -> None:
    scene.nothing('', '')
    scene.evidence.rows.clear()


def lose_lines(scene: Scene) -> None:
    short = run(START, END - 3)
    scene.evidence.arrived[UID] = [arrived(short)]


def lose_what_is_held(scene: Scene) -> None:
    scene.evidence.arrived.clear()
    scene.evidence.kept[UID] = []
    scene.row(9, 'held', 'cancelled in the core')
    scene.chronicle.versions[UID].append(Version(END - 1, START, END, here=False))


def hold_for_no_reason(scene: Scene) -> None:
    scene.evidence.arrived.clear()
    scene.row(9, 'held', 'of something')


def mix(scene: Scene) -> None:
    strange = [replace(run(), stamps=[stamp._replace(uid='event-9') for stamp in run().stamps])]
    scene.evidence.arrived[UID] = [arrived(run(), *strange)]


def report_wrongly(scene: Scene, total: int = 1, outcome: str | None = 'missed') -> None:
    scene.evidence.report = {'sums': {'missed': 1}, 'total': total, 'events': [{'uid': UID, 'outcome': outcome}]}


def stay(scene: Scene) -> None:
    scene.row(5, '')


HARM: dict[str, Callable[[Scene], object]] = {
    'no outcome': lose,
    'delivered 2 times': lambda scene: scene.evidence.arrived[UID].append(arrived(run())),
    'not recorded at 3.9 to 6.0': lambda scene: scene.recorded(
        run(until=START + 3), run(START + 7, pid=8), outcome='failed'
    ),
    'lines are not in the core': lose_lines,
    'lines are not on the disk': lose_what_is_held,
    'lines arrived twice': lambda scene: scene.evidence.arrived.update({UID: [arrived(run(), run())]}),
    'it has lines of event-9': mix,
    'still 5': stay,
    'nothing stood in the way': lambda scene: scene.nothing('missed', 'the agent was not running'),
    'no recorder ever ran': lambda scene: scene.nothing('failed', 'of something'),
    'nobody says why': lambda scene: scene.nothing('missed', ''),
    '0 deliveries arrived': lambda scene: scene.evidence.arrived.clear(),
    'recorded and not delivered': hold_for_no_reason,
    'but a recorder ended as it should': lambda scene: scene.row(3, 'failed', 'of something'),
    'delivered as another event': lambda scene: scene.evidence.arrived.update({UID: [arrived(run(), matched=False)]}),
    'not told that it was uploaded': lambda scene: scene.evidence.states.update({UID: ['capturing']}),
    'two recorders ran at once': lambda scene: scene.recorded(run(), run(START + 1, pid=8), outcome='failed'),
    'before the event': lambda scene: scene.recorded(run(START - 2)),
    'nobody touched it': lambda scene: scene.row(7, 'delivered with gaps', 'cancelled in the core'),
    'without a gap': lambda scene: scene.recorded(run(until=START + 5, how='exit'), run(START + 6, pid=8)),
    'the process 12 is left': lambda scene: scene.evidence.left.append('the process 12 is left: keeper'),
    'states were never told': lambda scene: setattr(scene.evidence, 'untold', 2),
    'the core says: The final call': lambda scene: scene.evidence.violations.append(f'The final call for {UID} ...'),
    'unknown events': lambda scene: scene.evidence.rows.update({'event-9': [Row(1, 7, 'delivered', '')]}),
    'exit code 1': lambda scene: scene.happened('exit code 1 at the end', END + 20),
    'the report does not add up': lambda scene: report_wrongly(scene, total=2),
    'the report says': report_wrongly,
    'lines are broken': lambda scene: scene.evidence.arrived.update({UID: [replace(arrived(run()), broken=1)]}),
}


@pytest.mark.parametrize('finding', HARM)
def test_what_is_wrong_is_found(scene: Scene, finding: str) -> None:
    HARM[finding](scene)

    assert any(finding in said for said in scene.findings), scene.findings


def test_a_recording_of_what_the_core_did_not_want_any_more_is_found(scene: Scene) -> None:
    scene.chronicle.versions[UID].append(Version(START - 25, START, END, here=False))

    assert any('the core did not want it' in said for said in scene.findings), scene.findings


def test_what_a_power_cut_cost_is_excused_and_no_more(scene: Scene) -> None:
    scene.happened('power cut', START + 3, START + 5)
    scene.away(START + 3, START + 5.5)
    cut = run(until=START + 3, how='')

    scene.recorded(cut, run(START + 6, pid=8), outcome='delivered with gaps')
    assert scene.findings == []

    scene.recorded(cut, outcome='delivered with gaps')
    assert any('not recorded at' in said for said in scene.findings)


def test_a_killed_recorder_has_its_pause_and_no_more(scene: Scene) -> None:
    scene.happened('recorder killed', START + 2, on=UID)
    killed = run(until=START + 2, how='')

    scene.recorded(killed, run(START + 4, pid=8), outcome='delivered with gaps')
    assert scene.findings == []

    scene.recorded(killed, run(START + 8, pid=8), outcome='delivered with gaps')
    assert any('not recorded at' in said for said in scene.findings)


def test_an_older_media_package_is_excused_by_a_kill_alone(scene: Scene) -> None:
    scene.evidence.violations.append(f'The media package {UID} is not the last one returned.')
    assert len(scene.findings) == 1

    scene.happened('agent killed', END + 1)
    assert scene.findings == []


def test_an_event_may_be_missed_while_there_is_no_agent(scene: Scene) -> None:
    scene.happened('agent killed', START - 6, END + 1)
    scene.away(START - 6, END + 2)
    scene.nothing('missed', 'the agent was not running')

    assert scene.findings == []


def test_an_agent_that_dies_after_it_left_the_start_to_a_keeper_is_no_excuse(scene: Scene) -> None:
    scene.happened('agent killed', START - 1, END + 1)
    scene.away(START - 1, END + 2)
    scene.nothing('missed', 'the agent was not running')

    assert any('nothing stood in the way' in said for said in scene.findings)


def test_who_waits_for_the_device_needs_an_agent_to_get_it(scene: Scene) -> None:
    scene.chronicle.versions['event-001'] = [Version(0, START - 2, START + 2)]
    scene.evidence.runs['event-001'] = [run(START - 2, START + 2)]
    scene.away(START + 1, START + 5)
    own = Expectation(scene.chronicle, UID, scene.evidence.runs)
    assert own.required() == [(START + 7, END)]


def test_one_of_two_overlapping_events_may_be_missed(scene: Scene) -> None:
    scene.chronicle.versions['event-001'] = [Version(0, START - 2, END - 1)]
    other = Expectation(scene.chronicle, 'event-001', {})

    assert Expectation(scene.chronicle, UID, {}).required() == []
    assert other.required() == [(START - 2, END - 1)]


def test_a_change_that_the_agent_could_not_hear_of_is_no_duty(scene: Scene) -> None:
    scene.chronicle.versions[UID].append(Version(START - 3, START, END + 5))
    scene.happened('core refuses', START - 4, END)

    assert Expectation(scene.chronicle, UID, {}).required() == [(START, END - 1)]


def test_a_wrong_clock_leaves_only_what_was_recorded_to_be_judged(scene: Scene) -> None:
    scene.happened('clock moved', START + 2, START + 4, on='3600')
    scene.recorded(run(until=START + 3))

    assert Expectation(scene.chronicle, UID, {}).shaken
    assert scene.findings == []


def test_the_same_seed_draws_the_same_plan() -> None:
    assert draw(7, 200) == draw(7, 200)
    assert draw(7, 200) != draw(8, 200)


def test_a_long_plan_has_harm_of_every_kind() -> None:
    kinds = {harm.kind for harm in draw(1, 200).harms}

    assert set(MACHINE) | set(CORE) <= kinds


def test_spans_are_put_together_and_taken_apart() -> None:
    assert union([(3, 4), (1, 2), (2, 3), (6, 6)]) == [(1, 4)]
    assert without([(0, 10)], [(2, 3), (5, 20)]) == [(0, 2), (3, 5)]
    assert without([(0, 10)], [(-1, EVER)]) == []


@pytest.mark.parametrize(
    ('habit', 'how'), [('', 'time'), ('exit 0.2', 'exit'), ('nothing', 'time'), ('crash 0.1', 'crash')]
)
def test_the_recorder_proves_each_of_its_lines(tmp_path: Path, habit: str, how: str) -> None:
    (tmp_path / 'ledger/habits').mkdir(parents=True)
    (tmp_path / 'ledger/habits' / UID).write_text(habit)
    media = tmp_path / f'recording-1000-{UID}.dat'
    seconds = '0.4' if how == 'time' else '60'  # a habit comes first, however busy the machine
    words = [sys.executable, '-I', '-S', counter.__file__, seconds, str(media), str(tmp_path / 'ledger')]
    subprocess.run(words, check=False, timeout=90)

    (seen,) = ledger.read(tmp_path / 'ledger' / UID, 0)
    written, broken = ledger.stamps(media.read_bytes(), 0)
    assert (seen.how, broken) == (how, 0)
    assert written == seen.stamps
    assert bool(written) == (habit != 'nothing')
    assert {stamp.uid for stamp in written} <= {UID}
    assert ledger.stamps(media.read_bytes()[:-5], 0)[1] == (1 if written else 0)


def test_what_was_recorded_until_the_event_moved_is_nothing_of_the_later_time(scene: Scene) -> None:
    scene.chronicle.versions[UID].append(Version(START + 0.2, START + 5, END + 5))
    scene.nothing('missed', 'another event had the device')
    scene.evidence.runs[UID] = [run(START, START + 0.3)]
    scene.evidence.rows[UID] = [Row(int(START) + 5, 3, 'missed', 'another event had the device')]
    assert not [finding for finding in scene.findings if 'a recorder wrote' in finding]
    scene.evidence.runs[UID] = [run(START + 5, START + 6)]
    assert [finding for finding in scene.findings if 'a recorder wrote' in finding]
