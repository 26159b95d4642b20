"""What an agent of the drafted CA API 2.0 tells a core beyond API 1; off unless configured."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from pyca import __version__
from pyca.states import TOLD, AgentState, Doing

VENDOR = {'vendor.name': 'pyCA', 'vendor.firmware': __version__}
"""With all four keys of this kind a core of version 2 takes this agent for one of its own."""
ABLE = {'capture.stream.capable': '0', 'capture.local.startpaused': '0'}
"""What pyCA can do of what the draft lets an event order."""

_WORDS: Mapping[Doing, AgentState] = {**TOLD, Doing.RECORDING_WHILE_UPLOADING: AgentState.CAPTURING_AND_UPLOADING}


def capabilities() -> dict[str, str]:
    """The keys that are mandatory for an agent of version 2, with or without inputs."""
    machine = platform.machine().encode('ascii', 'ignore').decode()[:256].strip()
    return {**VENDOR, 'vendor.model': 'capture agent', 'vendor.hardware': machine or 'unknown', **ABLE}


class Words:
    """The state that each doing of the agent is told by, as long as the core takes it."""

    def __init__(self, *, drafted: bool) -> None:
        self.told = _WORDS if drafted else TOLD

    def refused(self, state: AgentState) -> bool:
        """Note that the core does not take a state; tells whether there is another word for it from now on."""
        if state is not AgentState.CAPTURING_AND_UPLOADING:
            return False
        self.told = TOLD
        return True
