"""The page with the log."""

from __future__ import annotations

from flask import Response, request

from pyca.ui.logview import LogViews
from pyca.ui.pages.answer import Answers, Content


class LogPage:
    """Shows the newest lines; with `?event=<uid>` those that name that event."""

    def __init__(self, views: LogViews, answers: Answers) -> None:
        self._views = views
        self._answers = answers

    def page(self) -> Response:
        return self._answers.page(self._read)

    def _read(self) -> Content:
        uid = request.args.get('event', '')
        return Content('log.html', {'log': self._views.read(uid=uid), 'uid': uid}, 0.0)
