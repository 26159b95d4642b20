"""The states of everything: events, services, recordings, the agent itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


WAITING_FOR_UPLOAD = frozenset({EventStatus.FINISHED_RECORDING, EventStatus.FAILED_UPLOADING})
"""What is uploaded by itself, now or later."""

DECIDED = frozenset({'held', 'queued'})
"""The phases in which it has been heard of that a recording is held: it waits for a person, or the person has spoken.
In any other one the database is older than the decision to hold it (a backup, a new one)."""

ADOPTED = 'adopted'
"""The phase of an upload that was begun by an older installation and taken over."""


BACKUP = 'backup mode'
"""The cause of a recording that a backup agent holds, until it is known how the primary agent fared."""

ARCHIVED = 'somebody else has archived the event in the core'
"""The cause of a recording that is held, since a second upload could destroy what the core has."""


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
    CAPTURING_AND_UPLOADING = 'capturing_and_uploading'
    """For a core of the drafted CA API 2.0 alone."""


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
    CONFIGURATION = 'configuration'
    INPUTS = 'inputs'
    CAPABILITIES = 'capabilities'


PERMANENT = frozenset({Fault.PROGRAM_MISSING, Fault.FOLDER_UNUSABLE, Fault.DISK_FULL, Fault.LOGIN_REFUSED})
"""The faults that block further recordings until somebody cures them; the core is told `error`."""


class Doing(Enum):
    """What the agent does: one state also where two things go on at once."""

    NOTHING = 'nothing'
    RECORDING = 'recording'
    UPLOADING = 'uploading'
    RECORDING_WHILE_UPLOADING = 'recording while uploading'


TOLD: Mapping[Doing, AgentState] = {
    Doing.NOTHING: AgentState.IDLE,
    Doing.RECORDING: AgentState.CAPTURING,
    Doing.UPLOADING: AgentState.UPLOADING,
    Doing.RECORDING_WHILE_UPLOADING: AgentState.CAPTURING,
}
"""The one place where it becomes a word of the protocol, which has none for two things at once."""


class Moment(Enum):
    """Every moment of an event: the state that its recording enters (None: no new one), and what the agent does.

    This is the table in docs/protocol.md. Whoever queues a state for the core takes `told`; the agent's own state is
    worked out of all that goes on at once (`doing()` below), which a test compares with `doing` here.
    """

    def __init__(self, words: str, told: RecordingState | None, doing: Doing) -> None:
        self.words = words
        self.told = told
        self.doing = doing

    UPCOMING = ('it is in the calendar and has not begun', None, Doing.NOTHING)
    RECORDING = ('its recorder runs; also after a failure', RecordingState.CAPTURING, Doing.RECORDING)
    FAILING = ('its recorder failed and will be started again', RecordingState.CAPTURE_ERROR, Doing.NOTHING)
    INTERRUPTED = ('the agent was stopped and ended its recorder', RecordingState.CAPTURE_ERROR, Doing.NOTHING)
    FINISHED = ('it is recorded and queued for its upload', RecordingState.CAPTURE_FINISHED, Doing.NOTHING)
    FAILED = ('its recording failed for good', RecordingState.CAPTURE_ERROR, Doing.NOTHING)
    MISSED = ('it is over and nothing was recorded of it', RecordingState.CAPTURE_ERROR, Doing.NOTHING)
    HELD = ('it is recorded and held for a person', RecordingState.CAPTURE_FINISHED, Doing.NOTHING)
    RELEASED = ('a person released it, and it is queued', None, Doing.NOTHING)
    DELAYED = ('its upload waits for its random delay or its hours', None, Doing.NOTHING)
    UPLOADING = ('its upload goes on; also after a failure', RecordingState.UPLOADING, Doing.UPLOADING)
    OVERLAPPING = (
        'it is recorded while another one is uploaded',
        RecordingState.CAPTURING,
        Doing.RECORDING_WHILE_UPLOADING,
    )
    PAUSED = ('its upload is paused while another one is recorded', None, Doing.RECORDING)
    WAITING = ('its upload failed and waits for its next try', RecordingState.UPLOAD_ERROR, Doing.NOTHING)
    STUCK = ('its upload is held for a person', RecordingState.UPLOAD_ERROR, Doing.NOTHING)
    RESUMED = ('it was made longer after its end and is recorded again', RecordingState.CAPTURING, Doing.RECORDING)
    DELIVERED = ('the core has accepted it', RecordingState.UPLOAD_FINISHED, Doing.NOTHING)
    UNSCHEDULED = ('it is recorded without the core having scheduled it', None, Doing.RECORDING)


def doing(*, recording: bool, uploading: bool) -> Doing:
    """What the agent does, as one state."""
    if recording:
        return Doing.RECORDING_WHILE_UPLOADING if uploading else Doing.RECORDING
    return Doing.UPLOADING if uploading else Doing.NOTHING


def agent_state(what: Doing, faults: Collection[Fault], told: Mapping[Doing, AgentState] = TOLD) -> AgentState:
    """The one state that the core is told.

    A recording that runs outranks a fault (it is evidence against it), a fault outranks an upload.
    """
    recording = what in (Doing.RECORDING, Doing.RECORDING_WHILE_UPLOADING)
    return AgentState.ERROR if not recording and PERMANENT & set(faults) else told[what]
