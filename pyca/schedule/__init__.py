"""The service that fetches the calendar."""

from pyca.schedule.ports import Stores
from pyca.schedule.service import Schedule

__all__ = ['Schedule', 'Stores']
