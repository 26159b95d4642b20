"""What people do to recordings, the same for the API as for the forms of the pages."""

from __future__ import annotations

from pyca.errors import NothingToDecide, PycaError, StorageError
from pyca.onthespot import LONGEST, Conflict, OnTheSpot
from pyca.order import Order, OrderKind
from pyca.states import EventStatus
from pyca.storage.counter import Counter
from pyca.storage.edits import Edits, in_use
from pyca.storage.orders import OrderState, Placed
from pyca.storage.recorded import Recorded
from pyca.storage.retrying import Retry
from pyca.ui.deletion import Folders
from pyca.ui.overview.sources import Sources

__all__ = ['LONGEST', 'Commands', 'Refused']


class Refused(PycaError):
    """It cannot be done. `code` for pages in any language, the text in English, `status` as HTTP counts."""

    def __init__(self, status: int, code: str, text: str, detail: str = '') -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.detail = detail


class Commands:
    """Does it, or raises `Refused`; `InUse` from where the agent works on it at this moment."""

    def __init__(self, sources: Sources, counter: Counter) -> None:
        self._sources = sources
        self._counter = counter
        self._retry = Retry(sources.database)
        self._edits = Edits(sources.database)
        self._folders = Folders(sources.store)
        self._on_the_spot = OnTheSpot(sources.settings, sources.database, sources.clock, counter)

    def recorded(self, uid: str, start: int | None = None) -> Recorded:
        """The newest recording of the event, or the one of this start."""
        row = self._sources.recordings.get(uid, start)
        if row is not None:
            return row
        if self._sources.upcoming.get(uid) is None:
            raise Refused(404, 'unknown', 'No event with specified uid')
        raise Refused(409, 'not_begun', 'Its recording has not begun yet')

    def retry(self, uid: str, start: int | None = None) -> Recorded:
        """Upload it now: what is held, or waits for its next try. Without a `start` it is the only one that does."""
        row = self.recorded(uid, start)
        if reason := in_use(row, self._sources.clock.now()):
            raise Refused(409, 'in_use', f'Not now: {reason}')
        try:
            event = self._retry.decide(uid, start).recorded.event
        except NothingToDecide as error:
            raise Refused(409, 'undecided', str(error)) from error
        return self.recorded(uid, event.start)

    def end(self, uid: str, start: int | None = None) -> Placed:
        """End its recording, now."""
        self._under_way(uid, start)
        return self._ordered(Order('', uid, OrderKind.END))

    def extend(self, uid: str, minutes: int, start: int | None = None) -> Placed:
        self._under_way(uid, start)
        return self._ordered(Order('', uid, OrderKind.EXTEND, minutes))

    def record(self, minutes: int, title: str) -> tuple[Placed, str]:
        """Begin a recording that nobody has scheduled. Beside the order: why the core has not, where it should have."""
        self._attended()
        try:
            begun = self._on_the_spot.record(minutes, title)
        except Conflict as conflict:
            raise Refused(409, 'conflict', str(conflict)) from conflict
        return _taken(begun.placed), begun.unannounced

    def order(self, number: int) -> Placed | None:
        """What became of an order that took longer."""
        return self._counter.get(number)

    def delete(self, uid: str, start: int | None = None, *, files: bool) -> None:
        """All recordings of the event, or the one of this start. Folders go first: what cannot be deleted keeps its
        row, so that it can be tried again (H57). No lock is held meanwhile: a disk that hangs must not stop the agent.
        """
        rows = self._edits.deletable(uid, start)
        if not rows:
            raise Refused(404, 'unknown', 'No event with specified uid')
        if files:
            try:
                self._folders.delete(rows)
            except OSError as error:
                place = error.filename or self._sources.store.root
                text = 'The recording cannot be deleted now'
                raise Refused(503, 'not_deleted', text, f'{place}: {error.strerror}') from error
        try:
            self._edits.delete(uid, start)
        except StorageError as error:
            if not files:
                raise
            text = 'Its files are deleted, but it is still in the list; delete it once more'
            raise Refused(503, 'half_deleted', text, str(error)) from error

    def _under_way(self, uid: str, start: int | None) -> None:
        row = self.recorded(uid, start)
        if not row.ours or row.status is not EventStatus.RECORDING:
            raise Refused(409, 'not_recording', 'It is not being recorded')

    def _ordered(self, order: Order) -> Placed:
        """It may still be open: nobody has answered yet."""
        self._attended()
        return _taken(self._counter.place(order))

    def _attended(self) -> None:
        if not self._counter.attended:
            raise Refused(409, 'alone', 'The capture service is not running')


def _taken(placed: Placed | None) -> Placed:
    if placed is None:
        raise Refused(503, 'lost', 'The order got lost')
    if placed.state is OrderState.REFUSED:
        raise Refused(409, f'order:{placed.id}', placed.answer)
    return placed
