"""Looks back at the end for states that should have come but did not (contract 1, 11)."""

from __future__ import annotations

from pyca.demo.model import Model


def missing_states(model: Model, up_since: float) -> list[str]:
    """A sentence for each delivered event without `capturing` while it ran, or without `upload_finished` after it.

    Events that began while the core was away are not held against the agent.
    """
    sentences = []
    for delivery in model.deliveries:
        event = model.events.get(delivery.uid)
        if event is None or not delivery.matched_event:
            continue
        history = model.recordings.get(event.uid, [])
        running = any(state == 'capturing' and event.start - 1 <= at <= event.end + 60 for at, state in history)
        if not running and up_since <= event.start:
            sentences.append(f'No state was posted for {event.uid} while it was recorded.')
        if not any(state == 'upload_finished' and at >= delivery.at - 1 for at, state in history):
            sentences.append(f'No upload_finished was posted for {event.uid} after its upload.')
    return sentences
