"""The service that tells the core how the agent is."""

from pyca.agentstate.ports import Ports
from pyca.agentstate.service import AgentStateService

__all__ = ['AgentStateService', 'Ports']
