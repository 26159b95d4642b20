from __future__ import annotations

from pathlib import Path

import pytest

from pyca.recording.growth import Growth

A, B = Path('a'), Path('b')


def stalled_at(sizes: list[int | None], every: int = 40) -> list[int]:
    """The seconds at which a file with these sizes, one every 40 s, is found standing still."""
    growth = Growth()
    return [n * every for n, size in enumerate(sizes) if growth.stalled({A: size}, 5000 + n * every)]


@pytest.mark.parametrize(
    ('sizes', 'seconds'),
    [
        ([10, 20, 30, 40, 50, 60], []),
        ([10, 20, 20, 20, 20, 20], [160, 200]),
        ([10, 20, 20, 20, 21, 21], []),
        ([None, 0, 10, 20, 20, 20, 20], [240]),
        # never seen growing: a command that writes at its end
        ([None] * 9, []),
        ([0] * 9, []),
        ([48] * 9, []),
        ([None, 0, 48, 48, 48, 48, 48, 48], []),
        # begun anew, gone
        ([10, 20, 5, 5, 5, 5, 5, 5], []),
        ([10, 20, None, None, None, None, None], []),
        ([10, 20, None, 5, 9, 9, 9, 9], [280]),
    ],
)
def test_a_file_that_grew_then_stands_still_is_noticed(sizes: list[int | None], seconds: list[int]) -> None:
    """H14: a recorder that hung was fed the watchdog."""
    assert stalled_at(sizes) == seconds


def test_each_file_counts_for_itself() -> None:
    growth = Growth(limit=120)
    growth.stalled({A: 1, B: 1}, 0)
    growth.stalled({A: 2, B: 2}, 60)

    assert growth.stalled({A: 2, B: 3}, 179) == []
    assert growth.stalled({A: 2, B: 4}, 180) == [A]
    assert growth.stalled({A: 3, B: 5}, 181) == []
