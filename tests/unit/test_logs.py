"""Where messages go, and what never goes anywhere."""

from __future__ import annotations

import io
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca import logs
from pyca.masking import Redaction
from pyca.settings import Logging, Server, Settings

SECRET = 'Tr0ub4dor-and-3'


class Outside:
    """A logger of its own, and what it wrote to standard error."""

    def __init__(self, folder: Path) -> None:
        self.root = logging.Logger('pyca.test')
        self.stderr = io.StringIO()
        self.socket = str(folder / 'log')
        self._open: list[logs.Logs] = []

    def setup(self, options: Logging) -> logs.Logs:
        redact = Redaction.of(Settings(server=Server(username='agent', password=SECRET)))
        done = logs.setup(options, redact, root=self.root, stderr=self.stderr, syslog=self.socket)
        self._open.append(done)
        return done

    def lines(self) -> list[str]:
        return self.stderr.getvalue().splitlines()

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket has to be short
        made = Outside(Path(folder))
        yield made
        made.close()


@pytest.mark.parametrize(
    ('level', 'logged', 'shown'),
    [('info', logging.INFO, False), ('info', logging.WARNING, True), ('debug', logging.INFO, True)],
)
def test_the_progress_of_foreign_packages_is_for_those_who_search(
    outside: Outside, level: str, logged: int, shown: bool
) -> None:
    outside.setup(Logging(level=level))
    outside.root.handle(logging.makeLogRecord({'name': 'alembic.runtime.plugins', 'levelno': logged, 'msg': 'said'}))
    assert bool(outside.lines()) is shown


def test_by_default_messages_go_to_standard_error_without_a_time(outside: Outside) -> None:
    outside.setup(Logging())
    outside.root.info('all is %s', 'well')
    (line,) = outside.lines()
    assert line.startswith('[pyca.test:')
    assert line.endswith('()] [INFO] all is well')


@pytest.mark.parametrize(
    ('level', 'written'),
    [
        ('debug', ['d', 'i', 'w', 'e']),
        ('info', ['i', 'w', 'e']),
        ('warning', ['w', 'e']),
        ('error', ['e']),
    ],
)
def test_the_level_decides_what_is_written(outside: Outside, level: str, written: list[str]) -> None:
    outside.setup(Logging(level=level, format='%(message)s'))
    outside.root.debug('d')
    outside.root.info('i')
    outside.root.warning('w')
    outside.root.error('e')
    assert outside.lines() == written


def test_what_comes_from_outside_begins_no_line_and_commands_no_terminal(outside: Outside) -> None:
    outside.setup(Logging(format='%(levelname)s %(message)s'))
    outside.root.warning('event %s', 'a\nERROR all is lost\r\x1b[2J\u2028b')
    assert outside.lines() == ['WARNING event a\\nERROR all is lost\\r\\x1b[2J\\u2028b']


def test_standard_error_can_be_left_out(outside: Outside) -> None:
    outside.setup(Logging(stderr=False))
    outside.root.error('x')
    assert outside.lines() == []


def test_a_file_is_continued_in_its_format(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / 'pyca.log'
    path.write_text('before\n')
    outside.setup(Logging(file=str(path), format='%(levelname)s %(message)s'))
    outside.root.warning('Hörsaal')
    assert path.read_text(encoding='utf-8') == 'before\nWARNING Hörsaal\n'


def test_a_file_that_was_moved_away_is_begun_anew_by_itself(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / 'pyca.log'
    outside.setup(Logging(file=str(path), format='%(message)s'))
    outside.root.info('one')
    outside.root.info('two')
    path.rename(tmp_path / 'old')
    outside.root.info('three')
    outside.root.info('four')
    assert (tmp_path / 'old').read_text() == 'one\ntwo\n'
    assert path.read_text() == 'three\nfour\n'


def test_reopening_lets_go_of_the_file_and_goes_on(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / 'pyca.log'
    done = outside.setup(Logging(file=str(path), format='%(message)s'))
    outside.root.info('one')
    held = _open_files()
    done.reopen()
    assert str(path) in held
    assert str(path) not in _open_files()
    outside.root.info('two')
    assert path.read_text() == 'one\ntwo\n'


def test_a_missing_folder_is_said_once_and_the_rest_goes_on(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / 'nowhere' / 'pyca.log'
    outside.setup(Logging(file=str(path), format='%(message)s'))
    outside.root.info('one')
    outside.root.info('two')
    complaint = f'Cannot log to {path} (No such file or directory); going on without it.'
    assert sorted(outside.lines()) == sorted([complaint, 'one', 'two'])


def test_a_folder_that_comes_back_is_written_to_again_and_its_next_loss_is_said(
    outside: Outside, tmp_path: Path
) -> None:
    path = tmp_path / 'logs' / 'pyca.log'
    outside.setup(Logging(file=str(path), stderr=False, format='%(message)s'))
    outside.root.info('one')
    path.parent.mkdir()
    outside.root.info('two')
    assert path.read_text() == 'two\n'
    path.unlink()
    path.parent.rmdir()
    outside.root.info('three')
    outside.root.info('four')
    assert len([line for line in outside.lines() if line.startswith('Cannot log to')]) == 2


def test_a_full_disk_raises_nothing(outside: Outside) -> None:
    outside.setup(Logging(file='/dev/full', format='%(message)s'))
    outside.root.info('one')
    outside.root.info('two')
    assert [line for line in outside.lines() if 'Cannot' in line] == [
        'Cannot log to /dev/full (No space left on device); going on without it.'
    ]


def test_syslog_gets_messages_with_level_and_name(outside: Outside) -> None:
    with _daemon(outside.socket) as daemon:
        outside.setup(Logging(syslog=True, format='%(message)s'))
        outside.root.info('fine')
        outside.root.error('broken')
        assert daemon.recv(1000) == b'<14>pyca: fine\0'
        assert daemon.recv(1000) == b'<11>pyca: broken\0'


def test_syslog_that_takes_connections_is_served_too(outside: Outside) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
        daemon.bind(outside.socket)
        daemon.listen()
        outside.setup(Logging(syslog=True, format='%(message)s'))
        outside.root.info('fine')
        connection, _ = daemon.accept()
        with connection:
            assert connection.recv(1000) == b'<14>pyca: fine\0'


def test_an_absent_syslog_is_said_once(outside: Outside) -> None:
    outside.setup(Logging(syslog=True, format='%(message)s'))
    outside.root.info('one')
    outside.root.info('two')
    complaint = f'Cannot log to {outside.socket} (No such file or directory); going on without it.'
    assert sorted(outside.lines()) == sorted([complaint, 'one', 'two'])


def test_a_restarted_syslog_loses_nothing(outside: Outside) -> None:
    with _daemon(outside.socket) as daemon:
        outside.setup(Logging(syslog=True, format='%(message)s'))
        outside.root.info('one')
        assert daemon.recv(1000) == b'<14>pyca: one\0'
    os.unlink(outside.socket)
    with _daemon(outside.socket) as daemon:
        outside.root.info('two')
        assert daemon.recv(1000) == b'<14>pyca: two\0'
    assert outside.lines() == ['one', 'two']


def test_a_syslog_that_stopped_reading_holds_up_nobody(outside: Outside) -> None:
    with _daemon(outside.socket):
        outside.setup(Logging(syslog=True, stderr=False, format='%(message)s'))
        begin = time.monotonic()
        while not outside.lines():
            outside.root.info('x' * 4000)
        assert time.monotonic() - begin < 10
        assert outside.lines() == [f'Cannot log to {outside.socket} (timed out); going on without it.']


@pytest.mark.parametrize(
    'log',
    [
        lambda logger: logger.debug('password %s', SECRET),
        lambda logger: logger.debug({'Authorization': 'Basic YWdlbnQ6'}),
        lambda logger: logger.debug('> Authorization: Basic YWdlbnQ6'),
        lambda logger: logger.error('failed', exc_info=ValueError(f'no login with {SECRET}')),
        lambda logger: logger.error('%d', SECRET),
        lambda logger: logger.error('failed', exc_info=ValueError('Authorization: Basic YWdlbnQ6')),
    ],
)
def test_no_secret_is_written_at_any_level(
    outside: Outside, tmp_path: Path, log: Callable[[logging.Logger], None]
) -> None:
    path = tmp_path / 'pyca.log'
    with _daemon(outside.socket) as daemon:
        outside.setup(Logging(level='debug', file=str(path), syslog=True))
        log(outside.root)
        for text in (outside.stderr.getvalue(), path.read_text(), daemon.recv(100_000).decode()):
            assert '***' in text
            assert SECRET not in text
            assert 'YWdlbnQ6' not in text


def test_a_message_that_does_not_fit_its_arguments_is_still_logged(outside: Outside) -> None:
    outside.setup(Logging())
    outside.root.info('%s and %s', 'one')
    (line,) = outside.lines()
    assert "'%s and %s' does not fit its arguments ('one',)" in line


def test_closing_gives_everything_back(outside: Outside, tmp_path: Path) -> None:
    path = tmp_path / 'pyca.log'
    done = outside.setup(Logging(file=str(path)))
    outside.root.info('one')
    done.close()
    outside.root.info('two')
    assert (outside.root.handlers, outside.root.level) == ([], logging.NOTSET)
    assert len(outside.lines()) == 1
    assert str(path) not in _open_files()


def test_importing_the_module_configures_nothing() -> None:
    code = 'import logging, pyca.logs; print(logging.getLogger().handlers, logging.getLogger().level)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == '[] 30\n'


def _daemon(path: str) -> socket.socket:
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.settimeout(10)
    daemon.bind(path)
    return daemon


def _open_files() -> set[str]:
    folder = Path('/proc/self/fd')
    found = set()
    for name in os.listdir(folder):
        try:
            found.add(os.readlink(folder / name))
        except FileNotFoundError:
            continue
    return found
