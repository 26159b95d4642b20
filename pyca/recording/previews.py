"""The preview pictures, which say nothing once the recorder that made them has ended."""

from __future__ import annotations

import logging

from pyca.recording.command import preview_files
from pyca.settings import Capture

logger = logging.getLogger(__name__)

MARGIN = 1.0
"""Seconds by which the clock of a file system may differ from ours."""


def remove(settings: Capture, started: float | None, ended: float) -> None:
    """Remove the pictures that were last written while the recorder ran; what is not there is no trouble.

    One that is older was put there by somebody else, one that is newer is being written by somebody else: a site may
    make its pictures without the recorder (peers C24).
    """
    if started is None:
        return
    for picture in preview_files(settings.preview, settings.preview_dir):
        try:
            if started - MARGIN <= picture.stat().st_mtime <= ended + MARGIN:
                picture.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            logger.warning('The preview picture %s cannot be removed: %s', picture, error.strerror)
