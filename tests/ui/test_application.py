"""The application as a WSGI server finds it: `pyca.ui:app`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

ASK = """
from pyca.ui import app
answer = app.test_client().get('/status', auth=('admin', 'opencast'))
print(answer.status_code)
"""


def python(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in this folder."""
    environment = {**os.environ, 'PYTHONPATH': str(REPOSITORY)}
    command = [sys.executable, '-c', script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180)


def test_it_needs_no_arguments_and_makes_its_database(tmp_path: Path) -> None:
    """C5."""
    configuration = tmp_path / 'etc' / 'pyca.conf'
    configuration.parent.mkdir()
    configuration.write_text('[server]\nurl = http://127.0.0.1:1\n')
    done = python(tmp_path, ASK)
    assert (done.stdout, done.returncode) == ('200\n', 0), done.stderr
    assert (tmp_path / 'pyca.db').exists()


def test_importing_it_without_asking_for_the_application_changes_nothing(tmp_path: Path) -> None:
    assert python(tmp_path, 'import pyca.ui').returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_bad_configuration_ends_it_with_one_sentence(tmp_path: Path) -> None:
    configuration = tmp_path / 'etc' / 'pyca.conf'
    configuration.parent.mkdir()
    configuration.write_text('[agent]\nupdate_frequency = soon\n')
    done = python(tmp_path, 'from pyca.ui import app')
    assert done.returncode == 4
    [sentence] = done.stderr.splitlines()
    assert 'update_frequency' in sentence


def test_the_package_offers_nothing_else(tmp_path: Path) -> None:
    done = python(tmp_path, 'import pyca.ui; pyca.ui.application_of_dreams')
    assert 'AttributeError' in done.stderr
