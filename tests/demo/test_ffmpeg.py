"""Finding ffmpeg, installing it, measuring with it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pyca.demo import ffmpeg
from pyca.demo.agent import recorder


class Machine:
    """Runs nothing; knows whether the package is there and whether pip works."""

    def __init__(self, tmp_path: Path, *, packaged: bool, pip: bool) -> None:
        self._binary = tmp_path / 'ffmpeg-linux64'
        self._binary.touch()
        self._packaged = packaged
        self._pip = pip
        self.commands: list[list[str]] = []

    def execute(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        self.commands.append(arguments)
        if 'pip' in arguments:
            self._packaged = self._packaged or self._pip
            return subprocess.CompletedProcess(arguments, 0 if self._pip else 1, '', 'WARNING: x\nERROR: no network')
        return subprocess.CompletedProcess(arguments, 0 if self._packaged else 1, f'{self._binary}\n', '')


def look(machine: Machine, said: list[str]) -> str:
    return ffmpeg.find(said.append, environment={'PATH': ''}, execute=machine.execute, python='python')


def test_the_path_comes_first(tmp_path: Path) -> None:
    program = tmp_path / 'ffmpeg'
    program.touch(0o755)
    found = ffmpeg.find(lambda text: None, environment={'PATH': str(tmp_path)}, execute=Machine.execute)  # type: ignore[arg-type]
    assert found == str(program)


def test_the_package_comes_second(tmp_path: Path) -> None:
    machine, said = Machine(tmp_path, packaged=True, pip=False), list[str]()
    assert look(machine, said) == str(tmp_path / 'ffmpeg-linux64')
    assert (said, len(machine.commands)) == ([], 1)


def test_the_package_is_installed_if_need_be(tmp_path: Path) -> None:
    machine, said = Machine(tmp_path, packaged=False, pip=True), list[str]()
    assert look(machine, said) == str(tmp_path / 'ffmpeg-linux64')
    assert machine.commands[1][:4] == ['python', '-m', 'pip', 'install']
    assert 'imageio-ffmpeg' in said[0]


def test_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ffmpeg.NoFfmpeg, match=r'\(ERROR: no network\): install the package "ffmpeg"') as caught:
        look(Machine(tmp_path, packaged=False, pip=False), [])
    assert '\n' not in str(caught.value)


def test_the_test_picture_can_be_recorded_and_measured(tmp_path: Path) -> None:
    program = shutil.which('ffmpeg')
    assert program
    command = recorder(program).replace('{{time}}', '1').replace('{{dir}}', str(tmp_path)).replace('{{name}}', 'x')
    subprocess.run(command.split(), check=True, stdin=subprocess.DEVNULL)
    for environment in ({'PATH': str(Path(program).parent)}, {'PATH': ''}):
        seconds = ffmpeg.duration(program, tmp_path / 'x.mkv', environment=environment)
        assert seconds == pytest.approx(1.0, abs=0.2)
    (tmp_path / 'no.mkv').write_text('no film')
    for environment in ({'PATH': str(Path(program).parent)}, {'PATH': ''}):
        assert ffmpeg.duration(program, tmp_path / 'no.mkv', environment=environment) is None


def test_a_command_ends_when_it_is_over() -> None:
    assert ffmpeg.run(['sleep', '100'], lambda: True).returncode == -9
