"""The web interface under gunicorn (peers C5, C6)."""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.program.agent import ROOT, end_of, wait_for

LOGIN = {'Authorization': 'Basic ' + base64.b64encode(b'admin:opencast').decode()}
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts gunicorn in an empty folder, as the unit does."""
    if importlib.util.find_spec('gunicorn') is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('gunicorn is not installed: pip install .[dev]')
        pytest.skip('gunicorn is not installed')
    folder = tmp_path / 'empty'
    folder.mkdir()
    children = []

    def begin(*options: str) -> subprocess.Popen[bytes]:
        words = ['-m', 'gunicorn.app.wsgiapp', f'--config={ROOT}/etc/gunicorn.conf.py', '--bind=127.0.0.1:0', *options]
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])
        with (tmp_path / 'log').open('wb') as log:
            children.append(
                subprocess.Popen(
                    [sys.executable, *words, 'pyca.ui:app'],
                    cwd=folder,
                    env={**os.environ, 'PYTHONPATH': path, 'HOME': str(tmp_path)},
                    stdout=log,
                    stderr=log,
                )
            )
        return children[-1]

    yield begin
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        end_of(child)


def log(tmp_path: Path) -> str:
    return (tmp_path / 'log').read_text(errors='replace')


def address(tmp_path: Path) -> str:
    wait_for(lambda: 'Listening at: ' in log(tmp_path))
    found = re.search(r'Listening at: (\S+)', log(tmp_path))
    assert found is not None
    return found[1]


def get(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=90) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize('options', [[], ['--preload']])
def test_several_workers_serve_an_agent_that_never_ran(tmp_path: Path, start: Start, options: list[str]) -> None:
    start('--workers=3', *options)
    url = address(tmp_path)
    wait_for((tmp_path / 'empty/pyca.db').exists)
    with ThreadPoolExecutor(8) as browsers:
        answers = list(browsers.map(lambda _: get(url, LOGIN), range(24)))
    assert answers == [200] * 24
    assert get(url, {}) == 401
    assert 'Traceback' not in log(tmp_path)


def test_workers_count_failed_logins_together(tmp_path: Path, start: Start) -> None:
    start('--workers=3')
    url = address(tmp_path)

    def attempt(password: str) -> int:
        login = base64.b64encode(f'admin:{password}'.encode()).decode()
        return get(url, {'Authorization': f'Basic {login}'})

    with ThreadPoolExecutor(6) as guesses:
        answers = sorted(guesses.map(lambda number: attempt(f'guess {number}'), range(30)))
    assert answers[0] == 401
    assert answers[-15:] == [429] * 15
    assert [attempt('opencast') for _ in range(9)] == [200] * 9


def test_a_bad_configuration_is_a_sentence_and_the_end(tmp_path: Path, start: Start) -> None:
    (tmp_path / 'empty/etc').mkdir()
    (tmp_path / 'empty/etc/pyca.conf').write_text('[ui]\nrefresh_rate = 0\n')
    assert end_of(start('--workers=3')) != 0
    assert 'refresh_rate' in log(tmp_path)
    assert f'{ROOT}/pyca' not in log(tmp_path)  # gunicorn shows a traceback of its own, none of ours
