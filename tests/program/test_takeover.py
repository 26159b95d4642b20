"""The new program takes over an installation of the old one, and hands it back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from tests.program.agent import PROMPT, end_of, stamps, wait_for
from tests.program.installation import DEBIAN, MOMENT, OldInstallation, Row, Successor
from tests.program.machine import punctual, spare

DAY = 86400


@pytest.fixture
def old(tmp_path: Path) -> OldInstallation:
    return OldInstallation(tmp_path / 'machine')


@pytest.fixture
def successor(tmp_path: Path, core: StandIn, old: OldInstallation) -> Iterator[Successor]:
    agent = Successor(tmp_path / 'etc', core)
    agent.recordings = old.recordings
    agent.text = DEBIAN.format(root=old.root, url=core.url, command=agent.sections['capture']['command'])
    yield agent
    agent.clean()
    print(agent.logged()[-20000:])  # noqa: T201


def with_digest(text: str) -> str:
    return text.replace('#auth_method     =', 'auth_method      =')


def known_to(core: StandIn, row: Row) -> None:
    core.add_event(row.uid, agent='hall-1', start=row.start, end=row.end)


def old_rows() -> list[Row]:
    """Years of what went wrong."""
    now = int(time.time())
    return [
        Row(f'old-{n}', now - (8 + n) * DAY, (2, 3, 5, 6, 7, 8, 9)[n % 7], None if n % 3 else 'Lecture')
        for n in range(300)
    ]


def test_an_old_installation_is_taken_over(old: OldInstallation, successor: Successor, core: StandIn) -> None:
    """Peers C14 to C22, H21, H24: what is fresh is delivered, what is old is neither sent nor spoken of."""
    old.states()
    old.recorded(old_rows())
    finished = old.with_file('finished', 4, age=2 * DAY)
    failed = old.with_file('failed', 6, age=DAY)
    broken_off = old.with_file('broken-off', 5, age=3 * DAY)
    old.with_file('paused', 9, age=DAY)
    old.with_file('archived', 6, age=DAY)
    for row in (finished, failed, broken_off):
        known_to(core, row)
    start = int(time.time() + 10 + spare())
    uid = core.add_event('next', agent='hall-1', start=start, end=start + 4)
    before = old.tables("uid LIKE 'old-%' OR uid = 'paused'")
    successor.text = with_digest(successor.text)

    successor.start()
    wanted = {'finished', 'failed', 'broken-off', uid}
    wait_for(lambda: {delivery.uid for delivery in core.deliveries} >= wanted, limit=180)
    wait_for(lambda: 'upload_finished' in [state for _, state in core.recordings.get(uid, [])])
    assert successor.stop() == 0

    assert sorted(delivery.uid for delivery in core.deliveries) == sorted(wanted)
    assert all(delivery.matched_event for delivery in core.deliveries)
    spoken_of = {uid for uid, states in core.recordings.items() if states}
    assert spoken_of <= wanted | {'archived'}
    assert old.tables("uid LIKE 'old-%' OR uid = 'paused'")['recorded_event'] == before['recorded_event']
    assert 'recordings of an older installation were not uploaded' in successor.logged()
    assert core.violations == []


def test_the_old_program_can_be_put_back(old: OldInstallation, successor: Successor, core: StandIn) -> None:
    """Peers C14 to C17, C23, C25: it finds its tables, its numbers, its files."""
    old.states()
    start = int(time.time() + 10 + spare())
    uid = core.add_event(agent='hall-1', start=start, end=start + 3, properties={'a.b': 'c:d'})
    later = core.add_event(agent='hall-1', start=start + DAY, end=start + DAY + 3600, title='Grüße, \n Welt')
    successor.text = with_digest(successor.text)
    successor.start()
    wait_for(lambda: 'upload_finished' in [state for _, state in core.recordings.get(uid, [])], limit=180)
    assert successor.stop() == 0

    tables = old.tables()
    assert sorted(tables['service_states']) == [(1, 1), (2, 1), (3, 1), (4, 1)]
    synced = dict(tables['upstream_state'])
    assert set(synced) == {'https://old', core.url}
    assert all(MOMENT.fullmatch(moment) for moment in synced.values())
    ((row_uid, row_start, row_end, title, data, status, tracks),) = tables['recorded_event']
    assert (row_uid, row_start, row_end, title, status) == (uid, start, start + 3, 'Lecture', 7)
    name = f'recording-{start}-{uid}'
    assert json.loads(tracks.decode('utf-8')) == [['presenter/source', f'{old.recordings}/{name}/{name}.dat']]
    assert_readable(data, uid, start)
    upcoming = {row[0]: row for row in tables['upcoming_event']}
    assert upcoming[later][5:] == (1, None)
    assert_readable(upcoming[later][4], later, start + DAY)


def assert_readable(data: bytes, uid: str, start: int) -> None:
    """Peers C17: the entry has the keys that the old program looks for."""
    content = json.loads(data.decode('utf-8'))
    assert (content['uid'], content['dtstart']) == (uid, start)
    assert all(isinstance(content[key], int) for key in ('dtstart', 'dtend', 'dtstamp'))
    assert all(key.partition(';')[0] == key.partition(';')[0].lower() for key in content)
    names = {attached['x-apple-filename'] for attached in content['attach']}
    assert 'org.opencastproject.capture.agent.properties' in names
    assert all({'fmttype', 'x-apple-filename', 'data'} <= set(attached) for attached in content['attach'])


def test_the_cached_calendar_of_the_old_program_is_recorded_without_a_core(
    old: OldInstallation, successor: Successor, core: StandIn
) -> None:
    """H1: a due event that was known was not even looked at while the core was away."""
    core.stop()
    start = int(time.time() + 10 + spare())
    old.upcoming('cached', start, start + 3)
    successor.start()
    wait_for(lambda: time.time() > start + 4)
    assert punctual(stamps(successor.media()[0].read_bytes())[0], start, PROMPT)
    assert successor.stop() == 0


def test_a_lecture_during_which_the_program_was_replaced_is_recorded_to_its_end(
    old: OldInstallation, successor: Successor, core: StandIn
) -> None:
    """Peers C23: the old program's piece becomes `-part-0`, and both arrive as one event."""
    start = int(time.time()) - 60
    uid = core.add_event(agent='hall-1', start=start, end=start + 75 + int(spare()))
    name = f'recording-{start}-{uid}'
    piece = old.recordings / name / f'{name}.dat'
    piece.parent.mkdir()
    piece.write_bytes(b'1.0\n')
    old.recorded([Row(uid, start + 3600, 2)])
    successor.text = with_digest(successor.text)

    successor.start()
    wait_for(lambda: [delivery.uid for delivery in core.deliveries] == [uid], limit=180)

    assert piece.with_name(f'{piece.name}-part-0').read_bytes() == b'1.0\n'
    assert len(core.deliveries[0].tracks) == 2


def test_a_file_that_leaves_out_the_login_method_is_told_what_to_write(successor: Successor, core: StandIn) -> None:
    """Peers C10: digest was meant before there was a choice."""
    child = successor.start()
    wait_for(lambda: 'add the line auth_method = digest' in successor.logged())
    assert child.poll() is None
    successor.stop()
    successor.text = with_digest(successor.text)
    successor.start()
    wait_for(lambda: 'hall-1' in core.agents and core.agents['hall-1'].state == 'idle')


def test_a_relative_database_is_the_one_of_the_folder_of_the_units(
    old: OldInstallation, successor: Successor, core: StandIn
) -> None:
    """Peers C19: the units run in `/`, which is what the path counts on."""
    old.upcoming('cached', int(time.time()) + DAY, int(time.time()) + DAY + 60)
    successor.text = successor.text.replace(f'sqlite:///{old.root}/', 'sqlite:///')
    configuration = successor.configuration
    successor.folder = old.root
    child = successor.start('-c', str(configuration), 'schedule')
    wait_for(lambda: dict(old.tables()['service_states']).get(4) == 2)
    successor.stop(child)
    assert f'sqlite:///{old.database}' in successor.logged()


@pytest.mark.parametrize('uid', ['Grüße & Kuß', 'x' * 200])
def test_an_old_recording_is_uploaded_whatever_its_id_once_somebody_says_so(
    old: OldInstallation, successor: Successor, core: StandIn, uid: str
) -> None:
    """The old program took any id for the name of a folder."""
    old.states()
    known_to(core, old.with_file(uid, 9, age=30 * DAY))
    successor.text = with_digest(successor.text)
    successor.start()
    wait_for(lambda: core.agents.get('hall-1') is not None)

    assert end_of(successor.start('retry', uid)) == 0

    wait_for(lambda: [delivery.uid for delivery in core.deliveries] == [uid])
    assert [entry.name for entry in old.recordings.glob('recording-*')] == [f'recording-{core.events[uid].start}-{uid}']
    assert core.violations == []
