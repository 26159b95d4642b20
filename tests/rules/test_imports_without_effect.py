"""Importing the product does nothing but define names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.source import ROOT, modules

EXECUTED_BY_ALEMBIC = 'pyca.storage.migrations.'
PROBE = """
import importlib, os, sys, threading

allowed = tuple(os.path.realpath(place) for place in {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path[1:]})
source = os.path.realpath(os.environ['SOURCE'])
effects = {'socket.connect', 'socket.bind', 'subprocess.Popen', 'os.fork', 'os.posix_spawn', 'os.system', 'os.mkdir',
           'os.rename', 'os.remove', 'sqlite3.connect', 'os.putenv'}
seen = []

def opened(path, flags):
    if isinstance(path, int) or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return True
    path = os.path.realpath(path)
    if path.startswith(source + os.sep):
        return not path.endswith(('.py', '.pyc'))
    return path.startswith((os.getcwd(), '/etc/pyca')) and not path.startswith(allowed)

def watch(name, arguments):
    if name == 'open' and opened(arguments[0], arguments[2]):
        seen.append(f'opens {arguments[0]}')
    elif name in effects:
        seen.append(f'{name} {arguments}')

sys.addaudithook(watch)
for module in sys.argv[1:]:
    before = len(seen)
    importlib.import_module(module)
    seen[before:] = [f'{module}: {what}' for what in seen[before:]]
if threading.active_count() > 1:
    seen.append(f'threads: {threading.enumerate()}')
print('\\n'.join(seen))
"""


def run(script: str, folder: Path, *arguments: str) -> str:
    """What a child says that runs in an empty folder."""
    child = subprocess.run(
        [sys.executable, '-B', '-W', 'error', '-c', script, *arguments],
        cwd=folder,
        env={'PATH': os.environ['PATH'], 'HOME': str(folder), 'PYTHONPATH': str(ROOT), 'SOURCE': str(ROOT / 'pyca')},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.strip()


def names() -> list[str]:
    return [module.name for module in modules() if not module.name.startswith(EXECUTED_BY_ALEMBIC)]


def test_importing_every_module_changes_nothing(tmp_path: Path) -> None:
    assert run(PROBE, tmp_path, *names()) == ''
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('package', 'needed_by'),
    [('flask', 'pyca.ui'), ('waitress', 'pyca.ui'), ('prometheus_client', 'pyca.ui'), ('alembic', '-')],
)
def test_the_services_run_without_a_package_of_the_interface(tmp_path: Path, package: str, needed_by: str) -> None:
    script = f"""
import importlib, sys
sys.modules[{package!r}] = None
for module in sys.argv[1:]:
    importlib.import_module(module)
"""
    assert run(script, tmp_path, *(name for name in names() if not f'{name}.'.startswith(f'{needed_by}.'))) == ''
