"""`pyca demo`, with a tiny agent in place of the program."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.demo.agent import MARK, configuration, environment, leftovers
from pyca.demo.display import Display, bar
from pyca.demo.show import run
from pyca.demo.story import Plan
from pyca.stop import Stop
from tests.recording.waiting import wait_for

AGENT = Path(__file__).with_name('fake_agent.py')
START = """
import sys
from pathlib import Path
from pyca.demo.show import run
from pyca.demo.story import Plan
_, agent, behaviour, keep, place = sys.argv
patience = 1 if behaviour == 'endless' else 30
plan = Plan(lead=1, length=2, limit=90, farewell=patience, hurry=patience, place=Path(place))
sys.exit(run([sys.executable, agent, behaviour], keep=keep == 'keep', out=sys.stdout, plan=plan))
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def play(behaviour: str, place: Path, out: io.StringIO, **times: float) -> int:
    plan = replace(Plan(lead=1, length=2, limit=90, farewell=30, hurry=1, place=place), **times)  # type: ignore[arg-type]
    return run([sys.executable, str(AGENT), behaviour], out=out, plan=plan)


def start(behaviour: str, keep: str, place: Path) -> subprocess.Popen[str]:
    command = [sys.executable, '-c', START, str(AGENT), behaviour, keep, str(place)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def folders(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob('pyca-demo-*'))


def test_two_lectures_arrive_whole(tmp_path: Path) -> None:
    out = io.StringIO()
    code, said = play('good', tmp_path, out), out.getvalue()
    assert code == 0, said
    assert 'Every lecture arrived whole, once, and as it was recorded.' in said
    assert said.count('the same file, byte for byte') == 2
    assert len(re.findall(r'length    \d\.\d s of 2 s', said)) == 2
    story = ['First lecture: capturing', 'First lecture: upload finished', 'Second lecture: upload finished']
    places = [said.index(line) for line in story]
    assert places == sorted(places)
    assert '\r' not in said
    assert folders(tmp_path) == []


def test_everything_that_goes_wrong_is_said(tmp_path: Path) -> None:
    out = Terminal()
    code, said = play('bad', tmp_path, out, farewell=2), out.getvalue()
    assert code == 10
    for wrong in (
        'what arrived is not what was recorded',
        'these recording states were never posted: capturing',
        'recordings arrived that nobody scheduled',
        'did not end when it was asked to',
        'did not say goodbye',
    ):
        assert wrong in said
    assert folders(tmp_path) == []


def test_in_a_terminal_the_progress_moves(tmp_path: Path) -> None:
    out = Terminal()
    display = Display(out)
    display.move(bar('recording', 5, 15, 's'))
    display.say('a line')
    erase = r'\r\x1b\[K'
    moving = rf'{erase} +recording \[#{{10}}\.{{20}}\]  33% of 15 s'
    assert re.fullmatch(rf'{moving}{erase}a line\n{moving}', out.getvalue())
    plain = io.StringIO()
    Display(plain).move('moving')
    assert plain.getvalue() == ''


def test_an_agent_that_dies_is_shown_with_its_last_words(tmp_path: Path) -> None:
    out = io.StringIO()
    code, said = play('dies', tmp_path, out), out.getvalue()
    assert code == 10
    assert 'The agent ended by itself with status 3.' in said
    assert 'the reason of its death' in said
    assert folders(tmp_path) == []


def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    out = io.StringIO()
    assert play('good', tmp_path, out, lead=60, limit=1) == 10
    assert 'Not everything had arrived after 1 s.' in out.getvalue()


def test_a_stop_ends_it_at_once(tmp_path: Path) -> None:
    stop = Stop()
    stop.request()
    out = io.StringIO()
    assert run([sys.executable, str(AGENT), 'good'], out=out, stop=stop, plan=Plan(place=tmp_path)) == 0
    assert folders(tmp_path) == []


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_process_and_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    with start('endless', 'gone', tmp_path) as demo:
        wait_for(lambda: folders(tmp_path) and list(folders(tmp_path)[0].rglob('*.mkv')))
        folder = folders(tmp_path)[0]
        assert len(list(leftovers(folder))) >= 3
        demo.send_signal(number)
        demo.communicate(timeout=90)
    assert demo.returncode == 128 + number
    assert list(leftovers(folder)) == []
    assert folders(tmp_path) == []


def test_keep_stays_until_it_is_ended(tmp_path: Path) -> None:
    with start('good', 'keep', tmp_path) as demo:
        assert demo.stdout
        said = ''
        while 'Ctrl-C ends everything' not in said:
            line = demo.stdout.readline()
            assert line, said
            said += line
        assert 'http://127.0.0.1:5000' in said
        folder = folders(tmp_path)[0]
        wait_for(lambda: len(list(leftovers(folder))) == 2)
        demo.send_signal(signal.SIGINT)
        rest, _ = demo.communicate(timeout=90)
    assert demo.returncode == 0, said + rest
    assert f'Everything stays in {folder}' in rest
    assert list(folder.rglob('*.mkv'))
    assert list(leftovers(folder)) == []


def test_the_loopback_is_never_behind_a_proxy(tmp_path: Path) -> None:
    given = {'http_proxy': 'http://proxy.example.org', 'no_proxy': 'example.org', 'PATH': '/bin'}
    result = environment(tmp_path, given)
    assert result['no_proxy'] == 'example.org,127.0.0.1,localhost'
    assert result['NO_PROXY'] == '127.0.0.1,localhost'
    assert (result['http_proxy'], result['PATH'], result[MARK]) == (given['http_proxy'], '/bin', str(tmp_path))


def test_odd_folders_do_not_break_the_configuration() -> None:
    text = configuration(Path("/tmp/it's $HOME"), 'http://127.0.0.1:1', '/opt/my tools/ffmpeg')
    assert 'database = "sqlite:////tmp/it\'s $$HOME/pyca.db"' in text
    assert 'command = """\'/opt/my tools/ffmpeg\' -nostdin' in text
    assert "files = '{{dir}}/{{name}}.mkv'" in text


def test_the_mark_finds_processes(tmp_path: Path) -> None:
    with subprocess.Popen(['sleep', '100'], env={**os.environ, MARK: str(tmp_path)}) as sleeper:
        wait_for(lambda: list(leftovers(tmp_path)) == [sleeper.pid])
        assert list(leftovers(tmp_path / 'another')) == []
        sleeper.kill()
    assert list(leftovers(tmp_path)) == []
