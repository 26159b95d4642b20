"""What the forms of the pages do. Each answer leads to a page that says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from pyca.errors import StorageError
from pyca.event import as_title
from pyca.storage.edits import InUse
from pyca.storage.orders import Placed
from pyca.storage.recorded import Recorded
from pyca.ui.commands import LONGEST, Commands, Refused
from pyca.ui.pages.notice import MOST, UNANNOUNCED
from pyca.ui.pages.story import start_of

ORDER = 'order:'


class Actions:
    """One method for each form. A form names the recording, with what its sender saw of it."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def end(self, uid: str) -> Response:
        return self._done(lambda: self._commands.end(uid, self._seen(uid).event.start), uid)

    def extend(self, uid: str) -> Response:
        """A second press on a page that is not up to date would add twice as much."""
        return self._done(lambda: self._extend(uid), uid)

    def retry(self, uid: str) -> Response:
        return self._done(lambda: self._commands.retry(uid, self._seen(uid).event.start), uid, 'retried')

    def delete(self, uid: str) -> Response:
        return self._done(lambda: self._delete(uid), uid, 'deleted')

    def record(self) -> Response:
        return self._done(self._record)

    def _extend(self, uid: str) -> Placed:
        minutes, row = _minutes(), self._seen(uid)
        if request.form.get('end', '') != str(row.event.end):
            raise Refused(409, 'changed', 'It has changed meanwhile')
        return self._commands.extend(uid, minutes, row.event.start)

    def _delete(self, uid: str) -> None:
        """Of several recordings of an event only the one that was seen: another one may be the only copy."""
        self._commands.delete(uid, self._seen(uid).event.start, files=True)

    def _record(self) -> tuple[Placed, str]:
        minutes, title = _minutes(), as_title(request.form.get('title', '').strip())
        if title is None or len(title) > MOST['bad_title']:
            raise Refused(400, 'bad_title', 'No title')
        placed, unannounced = self._commands.record(minutes, title)
        return placed, UNANNOUNCED if unannounced else ''

    def _seen(self, uid: str) -> Recorded:
        """The recording, if it still is as it was on the page."""
        row = self._commands.recorded(uid, start_of(request.form.get('start', '')))
        if request.form.get('status', '') != row.status.label:
            raise Refused(409, 'changed', 'It has changed meanwhile')
        return row

    def _done(self, deed: Callable[[], object], uid: str = '', said: str = '') -> Response:
        """Do it, then show the page from which it was asked for."""
        try:
            result = deed()
            placed, said = result if isinstance(result, tuple) else (result, said)
            told: dict[str, Any] = {'said': said} if said else {}
            if isinstance(placed, Placed):
                told['order'] = placed.id
        except Refused as refused:
            code = refused.code
            told = {'order': code[len(ORDER) :]} if code.startswith(ORDER) else {'said': code}
        except InUse:
            told = {'said': 'in_use'}
        except StorageError:
            told = {'said': 'database'}
        if uid and request.form.get('back') == 'story' and told.get('said') not in ('deleted', 'unknown'):
            return redirect(url_for('pages.story', uid=uid, start=request.form.get('start', ''), **told), 303)
        return redirect(url_for('pages.status', **told), 303)


def _minutes() -> int:
    text = request.form.get('minutes', '').strip()
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LONGEST):
        raise Refused(400, 'bad_minutes', 'No number of minutes')
    return int(text)
