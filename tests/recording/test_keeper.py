from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.recording import keeper, state_file
from pyca.recording.spec import keeper_words


@pytest.fixture
def log(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / 'log', os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def test_a_log_keeps_its_beginning_with_its_end(log: int, tmp_path: Path) -> None:
    lines = [f'line {number}\n' for number in range(1000)]
    os.write(log, ''.join(lines).encode())

    keeper.cap(log, 2000, 500)
    os.write(log, b'more\n')  # the recorder goes on in append mode

    text = (tmp_path / 'log').read_text()
    assert text.startswith('line 0\nline 1\n')
    assert text.endswith('\nline 998\nline 999\nmore\n')
    assert len(text) < 1200
    assert 'cut by pyCA' in text


def test_a_log_can_be_cut_again(log: int, tmp_path: Path) -> None:
    for round_number in range(5):
        os.write(log, f'round {round_number}\n'.encode() * 300)
        keeper.cap(log, 2000, 500)

    text = (tmp_path / 'log').read_text()
    assert len(text) < 1200
    assert text.count('cut by pyCA') == 1
    assert text.endswith('round 4\n')


def test_a_short_log_stays(log: int, tmp_path: Path) -> None:
    os.write(log, b'x\n' * 1000)

    keeper.cap(log, 2000, 500)

    assert (tmp_path / 'log').read_bytes() == b'x\n' * 1000


def test_without_orders_nothing_happens(tmp_path: Path) -> None:
    done = subprocess.run(keeper_words(), input=b'', cwd=tmp_path, check=False, timeout=60)

    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('orders', [b'{"version": 99}', b'{"version"'])
def test_orders_of_another_version_are_refused(orders: bytes, tmp_path: Path) -> None:
    done = subprocess.run(keeper_words(), input=orders, cwd=tmp_path, check=False, timeout=60)

    assert done.returncode != 0


def test_the_keeper_imports_next_to_nothing() -> None:
    *words, program, _ = keeper_words()
    look = (
        'import sys; print(sorted(name for name in sys.modules if name.partition(".")[0] in '
        '("pyca", "subprocess", "pathlib", "typing", "threading")))'
    )

    seen = subprocess.run(
        [*words, program.replace('main()', look)], check=True, capture_output=True, text=True, timeout=60
    )

    own = ['keeper', 'remains', 'state_file']
    assert seen.stdout.strip() == str(['pyca', 'pyca.recording', *(f'pyca.recording.{name}' for name in own)])


def test_the_last_word_is_written_on_a_disk_without_room(tmp_path: Path) -> None:
    path = tmp_path / 'keeper-0.json'
    state_file.write(str(path), json.dumps({'phase': 'running', 'arguments': ['x' * 4000]}))
    (tmp_path / 'keeper-0.json.new').mkdir()  # no new file can be written

    state_file.write(str(path), json.dumps({'phase': 'ended', 'arguments': ['x' * 4000], 'error': 'e' * 500}))

    assert json.loads(path.read_text())['phase'] == 'ended'


def test_a_disk_without_room_is_left_no_half_file(tmp_path: Path) -> None:
    path = tmp_path / 'keeper-0.json'
    state_file.write(str(path), '{}')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        state_file.write(str(path), json.dumps({'phase': 'x' * 3000, 'more': 'x' * 4000}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert [entry.name for entry in tmp_path.iterdir()] == ['keeper-0.json']


def test_a_first_word_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match='No such file'):
        state_file.write(str(tmp_path / 'none' / 'keeper-0.json'), '{}')
