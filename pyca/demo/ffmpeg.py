"""Finds ffmpeg on this machine, or gets one; measures files with it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pyca.errors import PycaError

PACKAGE = 'imageio-ffmpeg'
LOCATE = 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())'
DURATION = re.compile(r'Duration: (\d+):(\d+):(\d+(?:\.\d+)?)')


class NoFfmpeg(PycaError):
    """There is no ffmpeg, and none could be had."""


Say = Callable[[str], None]
Run = Callable[[list[str]], 'subprocess.CompletedProcess[str]']


def run(arguments: list[str], over: Callable[[], bool] = lambda: False) -> subprocess.CompletedProcess[str]:
    """Run a command in a session of its own, so that a Ctrl-C is ours alone to act on; kill it once `over` says so."""
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors='replace',
        start_new_session=True,
    ) as process:
        while True:
            try:
                out, err = process.communicate(timeout=0.1)
                return subprocess.CompletedProcess(arguments, process.returncode, out, err)
            except subprocess.TimeoutExpired:
                if over():
                    os.killpg(process.pid, signal.SIGKILL)


def find(
    say: Say, *, environment: Mapping[str, str] = os.environ, execute: Run = run, python: str = sys.executable
) -> str:
    """The ffmpeg of the PATH, else that of the package imageio-ffmpeg, which is installed if need be."""
    found = shutil.which('ffmpeg', path=environment.get('PATH', os.defpath))
    if found:
        return found
    packaged = _packaged(execute, python)
    if packaged:
        return packaged
    say(f'No ffmpeg on the PATH: installing the Python package {PACKAGE}, which brings one.')
    installed = execute([python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE])
    packaged = _packaged(execute, python) if installed.returncode == 0 else ''
    if packaged:
        return packaged
    reason = (installed.stderr.strip().splitlines() or ['no reason given'])[-1]
    raise NoFfmpeg(
        f'There is no ffmpeg on the PATH, and pip could not install {PACKAGE} ({reason}): install the package'
        f' "ffmpeg" of your system (such as "apt install ffmpeg"), or "{PACKAGE}" with pip, then start again.'
    )


def _packaged(execute: Run, python: str) -> str:
    found = execute([python, '-c', LOCATE])
    path = found.stdout.strip()
    return path if found.returncode == 0 and path and Path(path).exists() else ''


def duration(
    ffmpeg: str, file: Path, *, environment: Mapping[str, str] = os.environ, execute: Run = run
) -> float | None:
    """Seconds that a file lasts; None if it cannot be told."""
    probe = shutil.which('ffprobe', path=environment.get('PATH', os.defpath))
    if probe:
        command = [probe, '-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', str(file)]
        told = execute(command).stdout.strip()
        return float(told) if re.fullmatch(r'\d+(\.\d+)?', told) else None
    found = DURATION.search(execute([ffmpeg, '-hide_banner', '-i', str(file)]).stderr)
    if not found:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
