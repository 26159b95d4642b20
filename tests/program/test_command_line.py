"""The command line as scripts and units use it (peers C1, C2)."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pyca import config
from pyca.demo.standin import StandIn
from pyca.errors import ConfigurationError
from pyca.passwords import is_digest, matches
from tests.program.agent import ROOT, Agent, wait_for

GOOD = '[server]\nurl = http://127.0.0.1:9\n'


def pyca(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-W', 'error', '-m', 'pyca', *words],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize(
    ('words', 'code', 'says'),
    [
        (['-h'], 0, 'agentstate'),
        (['--help'], 0, 'agentstate'),
        (['--version'], 0, 'pyCA'),
        (['--bogus'], 1, '"pyca --help"'),
        (['-x', 'run'], 1, '-x'),
        (['-c'], 1, '-c'),
        (['--config'], 1, '--config'),
        (['--help=1'], 1, '--help'),
        (['run', 'capture'], 2, 'one command'),
        (['-c', 'good.conf', 'schedule', 'ingest'], 2, 'one command'),
        (['-c', 'good.conf', 'report', '--week'], 0, 'Nothing yet'),
        (['-c', 'good.conf', 'report', '--json'], 0, '"total": 0'),
        (['-c', 'good.conf', 'report', '--month'], 1, '"pyca report --help"'),
        (['-c', 'good.conf', 'retry'], 1, '"pyca retry --help"'),
        (['-c', 'good.conf', 'retry', 'abcd'], 10, 'no database'),
        (['-c', 'good.conf', 'record'], 1, '"pyca record --help"'),
        (['-c', 'good.conf', 'record', '--minutes', '5', '--stop'], 1, '--minutes N'),
        (['-c', 'good.conf', 'record', '--minutes', '0'], 1, '--minutes'),
        (['-c', 'good.conf', 'record', '--stop'], 10, 'no database'),
        (
            ['-c', 'good.conf', 'record', '--minutes', '5', '--title', 'Prof.\N{NO-BREAK SPACE}Muster'],
            10,
            'no database',
        ),
        (['-c', 'good.conf', 'record', '--minutes', '5', '--title', 'a\nb'], 1, 'one line'),
        (['rekord'], 3, 'rekord'),
        (['--config=good.conf', 'RUN'], 3, 'RUN'),
        (['-c', 'missing.conf', 'run'], 4, 'missing.conf'),
        (['--config=missing.conf'], 4, 'missing.conf'),
        (['--config', '.', 'run'], 4, 'cannot be read'),
    ],
)
def test_what_the_command_line_says(tmp_path: Path, words: list[str], code: int, says: str) -> None:
    (tmp_path / 'good.conf').write_text(GOOD)
    done = pyca(tmp_path, *words)
    assert done.returncode == code, done.stderr
    assert says in (done.stderr if code else done.stdout)
    assert 'Traceback' not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ['good.conf']


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """A timer writes it to a file, and the disk is the one that the recordings have filled."""
    (tmp_path / 'good.conf').write_text(GOOD)
    words = [sys.executable, '-m', 'pyca', '-c', str(tmp_path / 'good.conf'), 'report']
    with open('/dev/full', 'w') as full:
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=180, check=False)
    assert done.returncode == 10
    assert done.stderr == 'pyca: What there is to say cannot be written: No space left on device.\n'


def test_the_list_of_commands_tells_each_to_its_end(tmp_path: Path) -> None:
    """In 80 columns, which is what there is where nobody says otherwise."""
    assert '...' not in pyca(tmp_path, '--help').stdout.partition('Commands:')[2]


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('[agent]\nupdate_frequency = 1\n', 'update_frequency'),
        ('[agent\nname = a\n', 'line 1'),
        ('[agent]\nname = a\nname = b\n', 'name'),
        ('[server]\ncertificate = /no/such/file\n', 'certificate'),
        ('[capture]\nfiles = a, b\n', 'flavors'),
        ('[capture]\ncommand = ffmpeg "x\n', 'command'),
    ],
)
@pytest.mark.parametrize('command', ['run', 'ui'])
def test_a_bad_configuration_is_a_sentence(tmp_path: Path, text: str, says: str, command: str) -> None:
    """Upstream ended some of these with a traceback."""
    (tmp_path / 'bad.conf').write_text(text)
    done = pyca(tmp_path, '-c', 'bad.conf', command)
    assert done.returncode == 4, done.stderr
    assert 'bad.conf' in done.stderr
    assert says in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize('words', [['-c', 'etc/hall.conf'], ['--config', 'etc/hall.conf'], ['--config=etc/hall.conf']])
def test_each_way_to_name_the_file_leads_to_it(
    core: StandIn, make_agent: Callable[..., Agent], words: list[str]
) -> None:
    """H46: `-c` could not choose the database. A relative name is meant from where the user is."""
    agent = make_agent()
    (agent.folder / 'etc').mkdir()
    agent.configuration.rename(agent.folder / 'etc/hall.conf')
    (agent.folder / 'etc/pyca.conf').write_text('[agent]\ndatabase = sqlite:///wrong.db\n' + GOOD)
    child = agent.run_words(*words, 'schedule')
    wait_for(lambda: any(request.path == '/recordings/calendars' for request in core.requests))
    assert agent.stop(child) == 0
    assert (agent.folder / 'pyca.db').exists()
    assert not (agent.folder / 'wrong.db').exists()


@pytest.mark.parametrize('command', [[], ['run'], ['all'], ['capture'], ['ingest'], ['schedule'], ['agentstate']])
def test_each_command_serves_until_it_is_told_to_end(make_agent: Callable[..., Agent], command: list[str]) -> None:
    """Peers C1 to C4: without a command it does what `run` does."""
    agent = make_agent(logging={'level': 'info'})
    child = agent.run_words('-c', str(agent.configuration), *command)
    wait_for(lambda: 'Using the database' in agent.logged())
    assert child.poll() is None
    assert agent.stop(child) == 0
    assert 'Traceback' not in agent.logged()


def test_a_password_from_a_pipe_becomes_a_line_for_the_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-m', 'pyca', 'password'],
        cwd=ROOT,
        input='sécret phrase\n',
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    assert done.stderr == ''
    ui = config.parse(f'[ui]\n{done.stdout}', 'pyca.conf').ui
    assert is_digest(ui.password)
    assert matches(ui.password, 'sécret phrase')


@pytest.mark.parametrize(('given', 'says'), [('', 'No password'), ('\n', 'No password'), ('opencast\n', 'Everybody')])
def test_no_line_is_made_of_no_password(given: str, says: str) -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'pyca', 'password'], cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (10, '')
    assert says in done.stderr


@pytest.mark.parametrize(('second', 'works'), [('secret', True), ('secrte', False)])
def test_a_password_at_a_terminal_is_asked_for_twice_and_not_shown(second: str, works: bool) -> None:
    ours, theirs = pty.openpty()
    words = ['setsid', '--ctty', '--wait', sys.executable, '-m', 'pyca', 'password']
    with subprocess.Popen(words, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as child:
        os.close(theirs)
        shown = read_until(ours, 'web page: ')
        os.write(ours, b'secret\n')
        shown += read_until(ours, 'more: ')
        os.write(ours, f'{second}\n'.encode())
        shown += read_until(ours, "'\r\n" if works else 'web page: ')
        if not works:
            os.write(ours, b'\x03')
    os.close(ours)
    assert child.returncode == (0 if works else 130)
    assert 'secret' not in shown
    assert ("password = 'scrypt:" in shown) == works


def read_until(terminal: int, end: str) -> str:
    shown = ''
    while end not in shown:
        shown += os.read(terminal, 1000).decode()
    return shown


@pytest.mark.parametrize(
    'address', ['5000', 'localhost', ':5000', '127.0.0.1:port', '127.0.0.1:65536', '::1:5000', 'http://localhost:5000']
)
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, address: str) -> None:
    """On the command line as well as in the file."""
    (tmp_path / 'good.conf').write_text(GOOD)
    done = pyca(tmp_path, '-c', 'good.conf', 'ui', '--bind', address)
    assert done.returncode == 1
    assert 'is no host:port' in done.stderr
    with pytest.raises(ConfigurationError, match='is no host:port'):
        config.parse(f'[ui]\nbind = {address}\n', 'pyca.conf')


@pytest.mark.parametrize('command', ['ui', 'all'])
def test_the_page_listens_where_it_is_told_to(make_agent: Callable[..., Agent], command: str) -> None:
    agent = make_agent(ui={'bind': 'nowhere.invalid:1', 'password': 'secret'}, logging={'level': 'info'})
    agent.start(command, '--bind', '127.0.0.1:0')
    wait_for(lambda: 'The web interface listens on http://127.0.0.1:' in agent.logged())
    assert agent.stop() == 0
