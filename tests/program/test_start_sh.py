"""`start.sh` in checkouts of a stub program, on machines made of links and scripts; the network is never asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    'sh',
    'cat',
    'dirname',
    'flock',
    'grep',
    'head',
    'id',
    'mkdir',
    'mv',
    'readlink',
    'rm',
    'sed',
    'sleep',
    'touch',
    'tr',
)
PROGRAM = """
import json, os, signal, sys

def main():
    print(json.dumps({'arguments': sys.argv[1:], 'pid': os.getpid(), 'folder': os.getcwd(), 'prefix': sys.prefix,
                      'executable': sys.executable}), flush=True)
    if 'wait' in sys.argv:
        signal.pause()
    return 0
"""
OLD = '#!/bin/sh\ncase "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac\n'
WITHOUT_VENV = f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
BROKEN_BACKEND = 'def build_wheel(*_):\n    raise SystemExit("Could not run curl-config")\n'


class Machine:
    """A checkout in a folder with spaces, a PATH of its own, packages to install in a folder."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / 'my py CA'
        self.path = folder / 'bin'
        self.shelf = folder / 'shelf'
        for place in (self.checkout / 'pyca/cli', self.path, self.shelf):
            place.mkdir(parents=True)
        shutil.copy(ROOT / 'start.sh', self.checkout)
        shutil.copy(ROOT / 'pyca/__main__.py', self.checkout / 'pyca')
        (self.checkout / 'pyca/__init__.py').touch()
        (self.checkout / 'pyca/cli/__init__.py').touch()
        (self.checkout / 'pyca/cli/commands.py').write_text(PROGRAM)
        self.require('tiny>=1.0')
        put_package(self.shelf, '1.0')
        for tool in TOOLS:
            (self.path / tool).symlink_to(str(shutil.which(tool)))
        self.environment = {'PATH': str(self.path), 'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': str(self.shelf)}

    def require(self, *lines: str) -> None:
        (self.checkout / 'requirements.txt').write_text(''.join(f'{line}\n' for line in lines))

    def python(self, name: str = 'python3', script: str = f'#!/bin/sh\nexec {sys.executable} "$@"\n') -> None:
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    def popen(self, *arguments: str, user: int | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.checkout / 'start.sh'), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.checkout.parent,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )

    def start(self, *arguments: str) -> dict[str, Any]:
        """What the stub program said of itself, with the messages of `start.sh` as `said`."""
        with self.popen(*arguments) as process:
            out, said = process.communicate(timeout=600)
        assert process.returncode == 0, said
        return {**json.loads(out), 'said': said, 'own pid': process.pid}

    def refusal(self, user: int | None = None) -> str:
        """The one line that it refuses to start with."""
        with self.popen(user=user) as process:
            out, said = process.communicate(timeout=600)
        assert (process.returncode, out) == (1, '')
        (line,) = [line for line in said.splitlines() if not line.startswith('pyca: preparing ')]
        return line

    @property
    def venv(self) -> Path:
        return self.checkout / '.venv'


def put_package(shelf: Path, version: str) -> None:
    """A wheel of a package without content."""
    about = f'tiny-{version}.dist-info'
    with zipfile.ZipFile(shelf / f'tiny-{version}-py3-none-any.whl', 'w') as wheel:
        wheel.writestr('tiny.py', '')
        wheel.writestr(f'{about}/METADATA', f'Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n')
        wheel.writestr(
            f'{about}/WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
        )
        wheel.writestr(f'{about}/RECORD', '')


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.python()
    return machine


def test_the_first_start_makes_an_environment_and_the_next_one_just_starts(machine: Machine) -> None:
    first = machine.start('-c', 'my.conf', 'check', 'a  b', '*')
    assert first['prefix'] == str(machine.venv)
    assert first['pid'] == first['own pid']
    assert first['folder'] == str(machine.checkout)
    assert first['arguments'] == ['-c', f'{machine.checkout.parent}/my.conf', 'check', 'a  b', '*']
    assert first['said'].count('\n') == 1

    (machine.path / 'python3').unlink()
    assert machine.start()['arguments'] == ['run']
    assert machine.start()['said'] == ''


def test_a_signal_reaches_the_program(machine: Machine) -> None:
    with machine.popen('wait') as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == -signal.SIGTERM


def test_changed_requirements_are_installed(machine: Machine) -> None:
    machine.start()
    put_package(machine.shelf, '2.0')
    machine.require('tiny>=2.0')
    assert 'updating' in machine.start()['said']
    assert next(machine.venv.glob('lib/*/site-packages/tiny-2.0.dist-info')).is_dir()
    assert machine.start()['said'] == ''


def test_changed_requirements_that_are_met_need_no_network(machine: Machine) -> None:
    machine.start()
    machine.require('tiny>=0.9')
    machine.environment['PIP_FIND_LINKS'] = '/nowhere'
    assert machine.start()['said'] == ''


@pytest.mark.parametrize('missing', [(), ('flock',)], ids=['flock', 'no flock'])
def test_five_units_starting_at_once_share_one_environment(machine: Machine, missing: tuple[str, ...]) -> None:
    for tool in missing:
        (machine.path / tool).unlink()
    units = [machine.popen(str(number)) for number in range(5)]
    said = []
    for number, unit in enumerate(units):
        out, messages = unit.communicate(timeout=600)
        assert json.loads(out)['arguments'] == [str(number)]
        said.append(messages)
    assert ''.join(said).count('preparing') == 1
    assert not (machine.checkout / '.venv.lock.d').exists()


def test_a_lock_of_a_start_that_was_killed_is_ignored(machine: Machine) -> None:
    (machine.path / 'flock').unlink()
    (machine.checkout / '.venv.lock.d').mkdir()
    (machine.checkout / '.venv.lock.d/pid').write_text('99999999')
    assert machine.start()['prefix'] == str(machine.venv)


def test_a_half_made_environment_is_made_again(machine: Machine) -> None:
    (machine.venv / 'bin').mkdir(parents=True)
    (machine.venv / 'bin/python').symlink_to('/usr/bin/python-that-was-upgraded')
    assert 'preparing' in machine.start()['said']


def test_an_active_environment_is_used_as_it_is(machine: Machine) -> None:
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', machine.shelf / 'own'], check=True)
    machine.environment['VIRTUAL_ENV'] = str(machine.shelf / 'own')
    refusal = machine.refusal()
    assert 'lacks tiny>=1.0' in refusal
    assert f"pip install -r '{machine.checkout}/requirements.txt'" in refusal

    machine.require()
    assert machine.start()['prefix'] == str(machine.shelf / 'own')
    assert not machine.venv.exists()


def test_a_base_environment_of_conda_that_lacks_packages_is_passed_over(machine: Machine) -> None:
    machine.environment |= {'CONDA_PREFIX': sys.prefix, 'CONDA_DEFAULT_ENV': 'base'}
    assert machine.start()['prefix'] == str(machine.venv)


def test_packages_of_the_system_are_used_as_they_are(machine: Machine) -> None:
    shelf = machine.shelf / 'tiny-1.0-py3-none-any.whl'
    machine.python('python3.12', f'#!/bin/sh\nPYTHONPATH={shelf} exec {sys.executable} "$@"\n')
    assert machine.start()['prefix'] == sys.prefix
    assert not machine.venv.exists()


def test_an_old_package_of_the_system_is_not_used(machine: Machine) -> None:
    put_package(machine.shelf, '0.10')
    machine.python(
        script=f'#!/bin/sh\nPYTHONPATH={machine.shelf}/tiny-0.10-py3-none-any.whl exec {sys.executable} "$@"\n'
    )
    assert machine.start()['prefix'] == str(machine.venv)


def test_an_old_python_is_refused_with_what_to_install(machine: Machine) -> None:
    machine.python(script=OLD)
    refusal = machine.refusal()
    assert 'Python 3.10 or newer is needed, but 3.9 is here' in refusal
    assert 'apt install python3 python3-venv' in refusal
    assert 'dnf install python3' in refusal


def test_no_python_is_refused_with_what_to_install(machine: Machine) -> None:
    (machine.path / 'python3').unlink()
    assert 'but no Python is here' in machine.refusal()


def test_an_old_python_does_not_hide_a_new_one(machine: Machine) -> None:
    machine.python(script=OLD)
    machine.python('python3.10')
    assert machine.start()['prefix'] == str(machine.venv)


def test_a_missing_venv_module_is_named(machine: Machine) -> None:
    machine.python(script=WITHOUT_VENV)
    refusal = machine.refusal()
    version = f'{sys.version_info.major}.{sys.version_info.minor}'
    assert f'Python {version} lacks its venv module' in refusal
    assert f'apt install python{version}-venv' in refusal


@pytest.mark.parametrize(
    'pip',
    [{'PIP_NO_INDEX': '1'}, {'PIP_INDEX_URL': 'http://127.0.0.1:9/', 'PIP_RETRIES': '0'}],
    ids=['no index', 'nobody listens'],
)
def test_a_missing_network_is_said_with_the_packages_of_the_system(machine: Machine, pip: dict[str, str]) -> None:
    machine.environment = {'PATH': str(machine.path), **pip}
    machine.require('tiny>=1.0', 'python-dateutil>=2', 'prometheus_client>=0.1')
    refusal = machine.refusal()
    assert 'could not be downloaded' in refusal
    assert 'apt install python3-tiny python3-dateutil python3-prometheus-client;' in refusal
    assert 'dnf install python3-tiny python3-dateutil python3-prometheus_client)' in refusal


def test_a_package_that_must_be_compiled_is_said_with_what_that_takes(machine: Machine) -> None:
    source = machine.shelf / 'pycurl-99'
    source.mkdir()
    (source / 'backend.py').write_text(BROKEN_BACKEND)
    (source / 'PKG-INFO').write_text('Metadata-Version: 2.1\nName: pycurl\nVersion: 99\n')
    (source / 'pyproject.toml').write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    shutil.make_archive(str(source), 'gztar', machine.shelf, source.name)
    machine.require('pycurl>=99')
    refusal = machine.refusal()
    assert 'no ready-made pycurl' in refusal
    assert 'libcurl4-openssl-dev' in refusal
    assert 'libcurl-devel' in refusal


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, which folders of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test_a_folder_of_somebody_else_is_said(open_folder: Path) -> None:
    machine = Machine(open_folder)
    machine.python(script='#!/bin/sh\ncase "$*" in *print*) echo 3.12 ;; -) exit 1 ;; esac\n')
    machine.checkout.chmod(0o555)
    refusal = machine.refusal(user=65534 if os.geteuid() == 0 else None)
    assert f'may not write to {machine.checkout}' in refusal
    machine.checkout.chmod(0o755)


@pytest.mark.parametrize(
    ('given', 'meant'),
    [
        (['-c', 'here.conf'], ['-c', '{caller}/here.conf']),
        (['-chere.conf'], ['-c{caller}/here.conf']),
        (['--config', 'a folder/x.conf', 'run'], ['--config', '{caller}/a folder/x.conf', 'run']),
        (['--config=here.conf', 'ui'], ['--config={caller}/here.conf', 'ui']),
        (['-c', 'etc/pyca.conf'], ['-c', '{checkout}/etc/pyca.conf']),
        (['-c', '/etc/pyca.conf'], ['-c', '/etc/pyca.conf']),
        (['check', '--', '-c', 'x'], ['check', '--', '-c', 'x']),
        (['-c'], ['-c']),
    ],
    ids=' '.join,
)
def test_a_relative_configuration_file_is_the_callers(machine: Machine, given: list[str], meant: list[str]) -> None:
    machine.require()
    (machine.checkout / 'etc').mkdir()
    (machine.checkout / 'etc/pyca.conf').touch()
    places = {'caller': machine.checkout.parent, 'checkout': machine.checkout}
    assert machine.start(*given)['arguments'] == [word.format(**places) for word in meant]


def test_it_can_be_started_through_a_link_from_a_folder_that_is_gone(machine: Machine) -> None:
    machine.require()
    link = machine.path / 'pyca'
    link.symlink_to(machine.checkout / 'start.sh')
    gone = machine.shelf / 'gone'
    gone.mkdir()
    command = f'cd "{gone}" && rmdir "{gone}" && exec "{link}" -c x.conf'
    (machine.path / 'rmdir').symlink_to(str(shutil.which('rmdir')))
    out = subprocess.run(['sh', '-c', command], env=machine.environment, stdout=subprocess.PIPE, check=True).stdout
    assert json.loads(out)['folder'] == str(machine.checkout)
