"""Compares what the core received with what was recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from pyca.demo.records import Delivery, Event, Received
from pyca.demo.standin import StandIn

TOLERANCE = 2.0
NEEDED = ('capturing', 'uploading', 'upload_finished')
Duration = Callable[[Path], 'float | None']


class Arrival:
    """One event's end of the story: `lines` to show, `faults` as sentences."""

    def __init__(self, core: StandIn, event: Event, recordings: Path, duration: Duration) -> None:
        self.lines: list[str] = [event.title]
        self.faults: list[str] = []
        self._event = event
        self._recordings = recordings
        self._duration = duration
        deliveries = [delivery for delivery in core.deliveries if delivery.uid == event.uid]
        if len(deliveries) != 1:
            times = 'did not arrive' if not deliveries else f'arrived {len(deliveries)} times'
            self.faults.append(f'{event.title} {times}.')
        for delivery in deliveries:
            self._delivery(delivery)
        posted = [state for _, state in core.recordings.get(event.uid, [])]
        lacking = [state for state in NEEDED if state not in posted]
        if lacking:
            self.faults.append(f'{event.title}: these recording states were never posted: {", ".join(lacking)}.')

    def _delivery(self, delivery: Delivery) -> None:
        if not delivery.tracks:
            self.faults.append(f'{self._event.title} arrived without tracks.')
        for track in delivery.tracks:
            self._track(track)

    def _track(self, track: Received) -> None:
        seconds = self._duration(track.path)
        told = 'unknown' if seconds is None else f'{seconds:.1f} s'
        same = any(self._same(track, file) for file in self._recordings.rglob(track.filename))
        self.lines += [
            f'  track     {track.filename} ({track.flavor})',
            f'  length    {told} of {self._event.end - self._event.start:.0f} s',
            f'  size      {track.size} bytes',
            f'  SHA-256   {track.sha256}',
            f'  recorded  {"the same file, byte for byte" if same else "NOT the same"}',
        ]
        if not same:
            self.faults.append(f'{self._event.title}: what arrived is not what was recorded as {track.filename}.')
        wanted = self._event.end - self._event.start
        if seconds is None or abs(seconds - wanted) > TOLERANCE:
            self.faults.append(f'{self._event.title}: the track lasts {told} instead of {wanted:.0f} s.')

    @staticmethod
    def _same(track: Received, file: Path) -> bool:
        if file.stat().st_size != track.size:
            return False
        digest = hashlib.sha256()
        with file.open('rb') as opened:
            while chunk := opened.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest() == track.sha256
