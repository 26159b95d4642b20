"""What earlier agents have left in the recordings folder."""

from __future__ import annotations

from collections.abc import Iterator

from pyca.event import Event, plain
from pyca.recording.deleted import deleted
from pyca.recording.journal import Journal, load, load_delivered
from pyca.recording.resuming import rest_uid
from pyca.recording.store import DELIVERED, Store


def unfinished(store: Store, since: float) -> Iterator[Journal]:
    """The journals of recordings that nobody has ended, where the folder's name does not say that they began before."""
    for name in store.names():
        second = name.split('-')[1]
        recent = not second.isdigit() or float(second) >= since
        journal = load(store.find(name)) if recent else None
        if journal is not None and not journal.phase.over:
            yield journal


def earlier(store: Store, event: Event) -> Journal | None:
    """The newest recording of this event, or what remains of it; None if nothing of it was recorded.

    It may bear the start that the event had before it was moved. Raises OSError where the folder cannot be read.
    """
    found = [
        journal
        for journal in _journals(store, event.uid)
        if journal.folder == store.folder(event) or _covers(journal, event)
    ]
    return max(found, key=_rank, default=None)


def _rank(journal: Journal) -> tuple[bool, bool, int]:
    """What a person deleted gives way to what is left; not so a rest, which began after all that it is the rest of."""
    return not journal.phase.over, not journal.deleted or bool(journal.origin), journal.event.start


def _journals(store: Store, uid: str) -> Iterator[Journal]:
    endings = tuple(f'-{plain(name)}' for name in (uid, rest_uid(uid)))
    for name in store.names():
        journal = load(store.find(name)) if name.endswith(endings) else None
        if journal is not None and journal.uid == uid:
            yield journal
    for path in (store.root / DELIVERED).glob('recording-*.json'):
        journal = load_delivered(path, store.root / path.stem) if path.stem.endswith(endings) else None
        if journal is not None and journal.uid == uid:
            yield journal
    yield from (journal for journal in deleted(store, endings) if journal.uid == uid)


def _covers(journal: Journal, event: Event) -> bool:
    """Whether it recorded, or was to record, a part of the event. One that was called off did so until then only."""
    ends = [segment.ended for segment in journal.segments if segment.ended is not None]
    end = max(ends, default=0.0 if journal.held else float(journal.event.end))
    return journal.event.start < event.end and event.start < end
