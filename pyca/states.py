"""The states of everything: events, services, recordings, the agent itself."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, IntEnum


class EventStatus(IntEnum):
    """The status column of an event; numbers are those of existing installations and must not grow."""

    UPCOMING = 1
    RECORDING = 2
    FAILED_RECORDING = 3
    FINISHED_RECORDING = 4
    UPLOADING = 5
    FAILED_UPLOADING = 6
    FINISHED_UPLOADING = 7
    PARTIAL_RECORDING = 8
    PAUSED_AFTER_RECORDING = 9

    @property
    def label(self) -> str:
        """The name as the API and the metrics say it: lower case, blanks."""
        return self.name.lower().replace('_', ' ')


ADOPTED = 'adopted'
"""The phase of an upload that was begun by an older installation and taken over."""


class ServiceType(IntEnum):
    """The services; numbers are those of existing installations."""

    AGENTSTATE = 1
    CAPTURE = 2
    INGEST = 3
    SCHEDULE = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class ServiceStatus(IntEnum):
    """What a service does; numbers are those of existing installations."""

    STOPPED = 1
    IDLE = 2
    BUSY = 3

    @property
    def label(self) -> str:
        return self.name.lower()


SILENT = 180.0
"""Seconds without a sign of life after which a service counts as stopped, whoever asks: the one that watches its own
loops, or the one that reads what another process has said."""


class AgentState(str, Enum):
    """What the core can be told about an agent (contract 5.2)."""

    IDLE = 'idle'
    CAPTURING = 'capturing'
    UPLOADING = 'uploading'
    ERROR = 'error'
    OFFLINE = 'offline'


class RecordingState(str, Enum):
    """What the core can be told about a recording (contract 5.8)."""

    CAPTURING = 'capturing'
    CAPTURE_FINISHED = 'capture_finished'
    CAPTURE_ERROR = 'capture_error'
    UPLOADING = 'uploading'
    UPLOAD_FINISHED = 'upload_finished'
    UPLOAD_ERROR = 'upload_error'


class Fault(str, Enum):
    """What is wrong with the agent, one word a kind; the text beside it says the rest."""

    PROGRAM_MISSING = 'program missing'
    FOLDER_UNUSABLE = 'folder not usable'
    DISK_FULL = 'disk full'
    LOGIN_REFUSED = 'login refused'
    CORE_UNREACHABLE = 'core unreachable'
    CALENDAR = 'calendar'
    RECORDER = 'recorder'
    UPLOAD = 'upload'
    CLOCK = 'clock'
    DATABASE = 'database'
    CONFIGURATION = 'configuration'


PERMANENT = frozenset({Fault.PROGRAM_MISSING, Fault.FOLDER_UNUSABLE, Fault.DISK_FULL, Fault.LOGIN_REFUSED})
"""The faults that block further recordings until somebody cures them; the core is told `error`."""


def agent_state(*, recording: bool, uploading: bool, faults: Collection[Fault]) -> AgentState:
    """The one state that the core is told, from everything the agent does.

    A recording that runs outranks a fault (it is evidence against it), a fault outranks an upload.
    """
    if recording:
        return AgentState.CAPTURING
    if PERMANENT & set(faults):
        return AgentState.ERROR
    return AgentState.UPLOADING if uploading else AgentState.IDLE
