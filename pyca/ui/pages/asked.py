"""What part of the recordings a page is asked for. What makes no sense is left out: a link may be old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyca.event import Outcome
from pyca.states import EventStatus
from pyca.storage.listing import Filter
from pyca.ui.overview.gather import PAGE, Asked

WAITING = (
    EventStatus.FINISHED_RECORDING,
    EventStatus.UPLOADING,
    EventStatus.FAILED_UPLOADING,
)
CHOICES = (*(f'outcome.{outcome.value}' for outcome in Outcome), 'status.finished recording')
"""What people can filter by, as keys of the catalogues; the last one is `WAITING`."""
LONGEST = 200
FURTHEST = 1_000_000


@dataclass(frozen=True)
class Search:
    """What stands in the address of the page."""

    text: str = ''
    became: str = ''
    offset: int = 0

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Search:
        became = given.get('outcome', '')
        offset = given.get('offset', '')
        number = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 8 else 0
        return cls(
            text=given.get('q', '').replace('\0', '')[:LONGEST].strip(),
            became=became if became in {choice.partition('.')[2] for choice in CHOICES} else '',
            offset=min(number, FURTHEST) // PAGE * PAGE,
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.text or self.became)

    @property
    def asked(self) -> Asked:
        outcomes = tuple(outcome for outcome in Outcome if outcome.value == self.became)
        statuses = WAITING if self.became and not outcomes else ()
        return Asked(Filter(self.text, statuses, outcomes), PAGE, self.offset)

    def address(self, offset: int) -> dict[str, str | int]:
        """The parameters of another page of the same."""
        wanted: dict[str, str | int] = {'q': self.text, 'outcome': self.became, 'offset': offset}
        return {name: value for name, value in wanted.items() if value}
