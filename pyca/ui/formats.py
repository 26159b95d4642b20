"""Times, sizes, durations as people of one language read them."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from markupsafe import Markup

from pyca.storage.rows import LAST_SECOND
from pyca.ui.languages import Words

_DURATIONS = ((86_400, 'days'), (3_600, 'hours'), (60, 'minutes'))
_TIME = '<time datetime="{}">{}</time>'
_SIZES = ((1e12, 'TB'), (1e9, 'GB'), (1e6, 'MB'), (1e3, 'kB'))


class Formats:
    """In one language, one time zone."""

    def __init__(self, words: Words, zone: tzinfo | None = None) -> None:
        """`zone`: None is that of the machine."""
        self._words = words
        self._zone = zone

    def moment(self, at: float) -> str:
        """Day with time."""
        return f'{self.day(at)}, {self.clock(at)}'

    def day(self, at: float) -> str:
        local, words = self._local(at), self._words
        weekday, month = words.list('date.weekdays')[local.weekday()], words.list('date.months')[local.month - 1]
        return words('date.day', weekday=weekday, day=local.day, month=month, year=local.year)

    def near(self, at: float, now: float) -> str:
        """A day as people call it who live now: today, tomorrow, yesterday, else its date."""
        days = (self._local(at).date() - self._local(now).date()) // timedelta(days=1)
        names = {0: 'date.today', 1: 'date.tomorrow', -1: 'date.yesterday'}
        return self._words(names[days]) if days in names else self.day(at)

    def when(self, at: float, now: float) -> str:
        """The time; with the day if that is another one."""
        same = self._local(at).date() == self._local(now).date()
        return self.clock(at) if same else f'{self.near(at, now)}, {self.clock(at)}'

    def at(self, at: float, now: float) -> str:
        """The same as it is said within a sentence: `at 10:15`, `tomorrow at 10:15`."""
        same = self._local(at).date() == self._local(now).date()
        if same:
            return self._words('date.at', time=self.clock(at))
        return self._words('date.day_at', day=self.near(at, now), time=self.clock(at))

    def clock(self, at: float) -> str:
        return _clock(self._local(at))

    def span(self, start: float, end: float) -> Markup:
        """From a time of the day to another one. Pages have many of them, so that they are put together here."""
        times = (self._local(start), self._local(end))
        return Markup(' – ').join(
            Markup(_TIME).format(time.isoformat(timespec='seconds'), _clock(time)) for time in times
        )

    def seconds(self, at: float) -> str:
        return self._local(at).strftime('%H:%M:%S')

    def iso(self, at: float) -> str:
        """For machines, with the offset."""
        return self._local(at).isoformat(timespec='seconds')

    def zone(self, at: float) -> str:
        """What the zone is called; a named one with its name."""
        short = self._local(at).tzname() or ''
        name = getattr(self._zone, 'key', '')
        return f'{name} ({short})' if name and name != short else short

    def offset(self, at: float) -> int:
        """Seconds by which the zone is ahead of UTC."""
        return int((self._local(at).utcoffset() or timedelta()).total_seconds())

    def duration(self, seconds: float) -> str:
        """How long, in its largest unit, rounded down: `45 s`, `3 min`, `2 h`."""
        for size, unit in _DURATIONS:
            if seconds >= size:
                return self._words(f'duration.{unit}', count=int(seconds // size))
        return self._words('duration.seconds', count=max(0, int(seconds)))

    @staticmethod
    def timer(seconds: float) -> str:
        """As a clock that runs: `0:32:10`."""
        whole = max(0, int(seconds))
        return f'{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}'

    def size(self, content: float) -> str:
        """Bytes, in powers of ten as disks are sold."""
        for unit, name in _SIZES:
            if content >= unit:
                value = content / unit
                return f'{self.number(value)} {name}'
        return f'{self._words.number(content, 0)} B'

    def number(self, value: float, digits: int | None = None) -> str:
        """As exact as it matters: small ones with a decimal."""
        if digits is None:
            digits = 1 if abs(value) < 20 else 0
        return self._words.number(value, digits)

    def _local(self, at: float) -> datetime:
        """Old installations have times in their databases that no calendar has (H58): the nearest one stands in."""
        at = min(max(at, 0), LAST_SECOND)
        return datetime.fromtimestamp(at, self._zone) if self._zone else datetime.fromtimestamp(at).astimezone()


def _clock(time: datetime) -> str:
    return f'{time.hour:02}:{time.minute:02}'
