"""The preview pictures over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, send_file

from pyca.recording.command import preview_files
from pyca.settings import Capture


def blueprint(capture: Capture) -> Blueprint:
    """`/img/<index>`, the index as in the configuration."""
    pictures = Blueprint('pictures', __name__)

    @pictures.get('/img/<int:index>')
    def picture(index: int) -> Response:
        files = preview_files(capture.preview, capture.preview_dir)
        try:
            if not files[index].is_file():
                raise FileNotFoundError
            found = send_file(files[index].absolute(), max_age=0)
        except (IndexError, OSError):
            return Response(status=404)
        found.headers['Cache-Control'] = 'no-cache'
        return found

    return pictures
