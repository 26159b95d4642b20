"""The journal of one recording: what was meant to happen with it, what did."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from pyca.event import Event, Track, together
from pyca.recording.atomic import read_json, write_json
from pyca.recording.gaps import ON_TIME, gaps
from pyca.recording.localend import LocalEnd, read_local_end
from pyca.recording.segment import Segment, read_segment

__all__ = ['ON_TIME', 'Journal', 'Phase', 'Segment', 'load', 'load_delivered']

FILE = 'recording.json'
EVENT_FILE = 'event.json'
"""What the calendar says about the event, which may be large and hardly ever changes."""
UPLOAD = 'upload.json'
"""The steps of its upload, written by whoever uploads."""
VERSION = 1


class Phase(str, Enum):
    """Where a recording stands."""

    WAITING = 'waiting'
    """The keeper waits for the event's second."""
    RECORDING = 'recording'
    """A recorder runs."""
    FAILING = 'failing'
    """The recorder ended too early; the next start is a matter of seconds."""
    INTERRUPTED = 'interrupted'
    """The agent ended it for its own sake; it goes on when the agent is back before the event's end."""
    FINISHED = 'finished'
    """Over, and there is something to deliver."""
    FAILED = 'failed'
    """Over, and there is nothing that a recorder finished."""
    CANCELLED = 'cancelled'
    """Called off before it began; there is nothing."""

    @property
    def over(self) -> bool:
        return self in (Phase.FINISHED, Phase.FAILED, Phase.CANCELLED)


@dataclass
class Journal:
    """The truth about one recording. It has one writer, the capture service."""

    folder: Path
    event: Event
    flavors: tuple[str, ...]
    phase: Phase = Phase.WAITING
    segments: list[Segment] = field(default_factory=list)
    failures: int = 0
    """Runs of the recorder that left nothing behind; they are counted and not kept as segments."""
    cause: str = ''
    """In words: why the phase is what it is."""
    held: str = ''
    """In words: why nobody may upload it without being asked. Empty for the usual case."""
    called_off: bool = False
    """Whether the core took the event away; should the core want it again, the recording goes on."""
    resumed: int = 0
    """How often it went on after it had been over. Whoever uploads looks at it: what was over once may grow again."""
    origin: str = ''
    """The uid in the calendar, for the rest of an event whose first part was on its way to the core already."""
    local: LocalEnd | None = None
    orders: list[str] = field(default_factory=list)
    """The orders of people that were obeyed; none is obeyed twice."""
    inputs: tuple[str, ...] = ()
    """The inputs that are recorded, by name; none where there is nothing to choose from."""
    legs: tuple[str, ...] = ('',)
    """The commands that run side by side: the inputs whose own they are, an empty name for the common one."""
    remark: str = ''
    """In words: what of the event's wishes could not be met."""
    deleted: bool = False
    """Whether a person deleted it before the core had anything of it: this is all that is left."""
    _kept: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    @property
    def uid(self) -> str:
        """The uid under which the calendar has the event."""
        return self.origin or self.event.uid

    def copy(self) -> Journal:
        """A copy for another thread."""
        return replace(self, segments=[replace(segment) for segment in self.segments])

    @property
    def pieces(self) -> list[Segment]:
        """The closed segments that hold something, oldest first; what a crash left counts."""
        return [segment for segment in self.segments if segment.end is not None and any(segment.files)]

    @property
    def flaws(self) -> str:
        """In words: what keeps the pieces from being one whole recording. Empty if nothing does."""
        return together(*gaps(self), *(piece.cause for piece in self.pieces), self.remark)

    @property
    def gaps(self) -> bool:
        """Whether parts of the event are missing."""
        return any(gaps(self))

    @property
    def strands(self) -> dict[str, list[Segment]]:
        """The pieces of each leg, oldest first; a leg that left nothing has none."""
        found: dict[str, list[Segment]] = {leg: [] for leg in self.legs}
        for piece in self.pieces:
            found.setdefault(piece.leg, []).append(piece)
        return found

    @property
    def last_cause(self) -> str:
        """In words: why the last segment ended as it did."""
        return self.segments[-1].cause if self.segments else ''

    def path(self, name: str) -> Path:
        """The place of a segment's file."""
        return self.folder / name

    def tracks(self, segment: Segment) -> list[Track]:
        """A segment's files with the flavors of the configuration that recorded them."""
        flavors = segment.flavors or self.flavors
        return [Track(flavor, self.path(name)) for flavor, name in zip(flavors, segment.files, strict=False) if name]

    def save(self) -> None:
        """Write it, safely against a power cut; raises OSError."""
        try:
            if self.event.data is not self._kept and self.event.data != self._kept:
                write_json(self.folder / EVENT_FILE, {'version': VERSION, 'data': dict(self.event.data)})
                self._kept = self.event.data
        finally:  # the journal is small, and may still find room
            write_json(self.folder / FILE, self._as_json())

    def discard(self) -> None:
        """Take away the folder of a recording that never began; one that holds anything else stays."""
        for path in (
            self.folder / FILE,
            self.folder / EVENT_FILE,
            *self.folder.glob('keeper-*.json'),
            *self.folder.glob('recorder*.log'),
        ):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _as_json(self) -> dict[str, Any]:
        event = self.event
        return {
            'version': VERSION,
            'event': {
                'uid': event.uid,
                'start': event.start,
                'end': event.end,
                'title': event.title,
            },
            'flavors': list(self.flavors),
            'phase': self.phase.value,
            'segments': [asdict(segment) for segment in self.segments],
            'failures': self.failures,
            'cause': self.cause,
            'held': self.held,
            'called_off': self.called_off,
            'resumed': self.resumed,
            'origin': self.origin,
            'local': asdict(self.local) if self.local else None,
            'orders': self.orders,
            'inputs': list(self.inputs),
            'legs': list(self.legs),
            'remark': self.remark,
        }


def load(folder: Path) -> Journal | None:
    """The journal in this folder; None if there is none, or none that can be read."""
    return _parsed(folder, read_json(folder / FILE))


def load_delivered(path: Path, folder: Path) -> Journal | None:
    """The journal in what remains of a delivered recording whose folder was deleted."""
    remains = read_json(path)
    return _parsed(folder, remains.get('recording')) if isinstance(remains, dict) else None


def _parsed(folder: Path, stored: Any) -> Journal | None:
    try:
        return _from_json(folder, stored) if stored is not None else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _from_json(folder: Path, stored: Mapping[str, Any]) -> Journal:
    event = stored['event']
    inside = event.get('data')  # as earlier versions kept it
    data = dict(inside) if inside is not None else _event_data(folder)
    return Journal(
        folder=folder,
        event=Event(str(event['uid']), int(event['start']), int(event['end']), str(event['title']), data or {}),
        flavors=tuple(stored['flavors']),
        phase=Phase(stored['phase']),
        segments=[read_segment(entry) for entry in stored['segments']],
        failures=int(stored['failures']),
        cause=str(stored['cause']),
        held=str(stored['held']),
        called_off=bool(stored.get('called_off')),
        resumed=int(stored.get('resumed', 0)),
        origin=str(stored.get('origin', '')),
        local=read_local_end(stored.get('local')),
        orders=[str(key) for key in stored.get('orders', [])],
        inputs=tuple(str(name) for name in stored.get('inputs', ())),
        legs=tuple(str(name) for name in stored.get('legs', ('',))),
        remark=str(stored.get('remark', '')),
        deleted=bool(stored.get('deleted')),
        _kept=data if inside is None else None,
    )


def _event_data(folder: Path) -> dict[str, Any] | None:
    """What the calendar said about the event; None where that is lost, so that it is written again when it is known."""
    content = read_json(folder / EVENT_FILE)
    data = content.get('data') if isinstance(content, dict) else None
    return data if isinstance(data, dict) else None
