"""How the agent is, seen from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyca.agentstate.ports import FaultRow, Recorded
from pyca.states import PERMANENT, TOLD, AgentState, Doing, EventStatus, Fault, ServiceType, agent_state, doing

BUSY = (
    EventStatus.RECORDING,
    EventStatus.FINISHED_RECORDING,
    EventStatus.UPLOADING,
    EventStatus.FAILED_UPLOADING,
)
"""From a recording's start to the end of its upload."""

OVERDUE = 600
"""Seconds after its end from which a recording is not believed to run: whoever wrote so has not come back."""


@dataclass(frozen=True)
class Scene:
    """The agent at one moment. `running` are the uids of the core's events that a recorder records, `busy` says that
    the core expects to hear of a recording, `causes` say why the state is an error."""

    state: AgentState
    running: tuple[str, ...]
    busy: bool
    causes: str


def look(
    recordings: Sequence[Recorded], faults: Sequence[FaultRow], now: float, told: Mapping[Doing, AgentState] = TOLD
) -> Scene:
    """Decide what the core is told. Rows of an old installation say nothing about what happens now."""
    ours = [recorded for recorded in recordings if recorded.ours]
    running = [
        recorded.event
        for recorded in ours
        if recorded.phase == 'recording' and recorded.status is EventStatus.RECORDING and not _overdue(recorded, now)
    ]
    uploading = any(recorded.phase == 'uploading' and recorded.status is EventStatus.UPLOADING for recorded in ours)
    others = [row for row in faults if not _own(row)]
    kinds = {row.fault for row in others}
    return Scene(
        state=agent_state(doing(recording=bool(running), uploading=uploading), kinds, told),
        running=tuple(event.uid for event in running if not event.unscheduled),
        busy=bool(ours),
        causes='; '.join(row.text for row in others if row.fault in PERMANENT),
    )


def unfinished(recordings: Sequence[Recorded], now: float) -> bool:
    """Whether a recording is under way, with a recorder that runs at this moment or without."""
    return any(
        recorded.ours and recorded.phase in ('recording', 'failing') and not _overdue(recorded, now)
        for recorded in recordings
    )


def _overdue(recorded: Recorded, now: float) -> bool:
    return now > recorded.event.end + OVERDUE


def _own(row: FaultRow) -> bool:
    """Whether it says that this service's login was refused: the post that would tell of it proves that it is over."""
    return row.service is ServiceType.AGENTSTATE and row.fault is Fault.LOGIN_REFUSED
