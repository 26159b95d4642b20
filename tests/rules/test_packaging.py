"""What is shipped, and what the papers say of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import pyca
from tests.rules.source import ROOT, modules
from tests.rules.test_layers import imports

METADATA = """
import json, setuptools
from distutils.core import run_setup
setup = run_setup('setup.py', stop_after='init')
print(json.dumps({'requires': setup.install_requires, 'extras': setup.extras_require, 'python': setup.python_requires,
                  'scripts': setup.entry_points['console_scripts'], 'version': setup.get_version()}))
"""


def requirements() -> list[str]:
    return (ROOT / 'requirements.txt').read_text().split()


@pytest.fixture(scope='module')
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a release is made from."""
    copy = tmp_path_factory.mktemp('release') / 'pyca'
    copy.mkdir()
    for name in ('setup.py', 'requirements.txt', 'pyproject.toml', 'MANIFEST.in', 'LICENSE', 'COPYING', 'README.md'):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / 'pyca', copy / 'pyca', ignore=shutil.ignore_patterns('__pycache__'))
    return copy


@pytest.fixture(scope='module')
def metadata(tree: Path) -> dict[str, Any]:
    child = subprocess.run([sys.executable, '-c', METADATA], cwd=tree, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def test_the_package_needs_what_the_checkout_needs(metadata: dict[str, Any]) -> None:
    assert metadata['requires'] == requirements()


def test_the_package_offers_its_command_with_its_extras(metadata: dict[str, Any]) -> None:
    assert metadata['scripts'] == ['pyca = pyca.__main__:main']
    assert set(metadata['extras']) == {'demo', 'gunicorn', 'postgres', 'dev'}
    assert metadata['python'] == '>=3.10'
    assert metadata['version'] == pyca.__version__


@pytest.mark.parametrize('line', requirements())
def test_nothing_is_required_that_nothing_imports(line: str) -> None:
    name = line.partition('>=')[0]
    module = {'python-dateutil': 'dateutil'}.get(name, name)
    imported = {found.partition('.')[0] for each in modules() for _, found in imports(each)}
    assert module in imported


@pytest.mark.parametrize('line', requirements())
def test_start_sh_understands_every_requirement(line: str) -> None:
    assert re.fullmatch(r'[a-z][a-z_-]*>=[0-9]+(\.[0-9]+)*', line)


def test_the_package_has_every_file_of_the_program(tree: Path, tmp_path: Path) -> None:
    build = f'from setuptools.build_meta import build_wheel; build_wheel({str(tmp_path)!r})'
    subprocess.run([sys.executable, '-c', build], cwd=tree, capture_output=True, check=True)
    (wheel,) = tmp_path.glob('*.whl')
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith('pyca/')}
    assert shipped == {path.relative_to(tree).as_posix() for path in (tree / 'pyca').rglob('*') if path.is_file()}


def test_the_changelog_tells_of_this_version() -> None:
    release = re.sub(r'\.dev\d+$', '', pyca.__version__)
    assert re.search(rf'^## {re.escape(release)}\b', (ROOT / 'CHANGELOG.md').read_text(), re.MULTILINE)


@pytest.mark.parametrize('name', ['start.sh', 'tests/run', '.ci/run'])
def test_scripts_can_be_executed(name: str) -> None:
    assert (ROOT / name).stat().st_mode & 0o111 == 0o111
