"""The fault run in small: twenty events, harm at random, a look from outside. `benchmarks.faults` is the large one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults import fault_run

SEED = 14126
"""One with a restored database, kills of everything, a power cut, a core in trouble, events that change."""


def test_twenty_events_under_harm_are_all_accounted_for(tmp_path: Path) -> None:
    findings, summary = fault_run(tmp_path, 20, SEED)

    print(summary)  # noqa: T201
    assert findings == []
