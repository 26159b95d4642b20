"""Stretches of time, put together or taken away from one another."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[float, float]
"""From, until; the end is not in it."""

EVER = float('inf')


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that neither touch nor overlap, in order."""
    joined: list[Span] = []
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans."""
    left = union(spans)
    for since, until in union(taken):
        left = [
            piece
            for span in left
            for piece in ((span[0], min(span[1], since)), (max(span[0], until), span[1]))
            if piece[0] < piece[1]
        ]
    return left


def length(spans: Iterable[Span]) -> float:
    return sum(until - since for since, until in union(spans))


def meets(span: Span, spans: Iterable[Span]) -> bool:
    """Whether it has a moment in common with one of them."""
    return any(span[0] < until and since < span[1] for since, until in spans)
