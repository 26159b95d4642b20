"""The preview pictures, which say nothing once the recorder that made them has ended."""

from __future__ import annotations

import logging
from pathlib import Path

from pyca.recording.command import filled, preview_files
from pyca.settings import Capture

logger = logging.getLogger(__name__)

MARGIN = 1.0
"""Seconds by which the clock of a file system may differ from ours."""
PLACEHOLDER = '{{previewdir}}'


def make_folder(settings: Capture) -> None:
    """Make the folder that the command writes them to: in memory, where it often lies, it is gone after each boot."""
    if PLACEHOLDER not in settings.command:
        return
    try:
        Path(settings.preview_dir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        logger.warning('The folder %s for the preview pictures is missing: %s', settings.preview_dir, error.strerror)


def remove(settings: Capture, started: float | None, ended: float) -> None:
    """Remove the command's pictures that were last written while it ran; what is not there is no trouble.

    One that is older was put there by somebody else, one that is newer is being written by somebody else.
    """
    if started is None:
        return
    for picture in _of_the_command(settings):
        try:
            if started - MARGIN <= picture.stat().st_mtime <= ended + MARGIN:
                picture.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.warning('The preview picture %s cannot be removed: %s', picture, error.strerror)


def _of_the_command(settings: Capture) -> list[Path]:
    """A site may have other programs make its pictures (peers C24); those are never named in the command.

    A command that names none of them but their folder may write any that lies there.
    """
    pictures = preview_files(settings.preview, settings.preview_dir)
    command = filled(settings.command, {'previewdir': settings.preview_dir})
    named = [picture for picture in pictures if str(picture) in command]
    if named or PLACEHOLDER not in settings.command:
        return named
    return [picture for picture in pictures if picture.is_relative_to(settings.preview_dir)]
