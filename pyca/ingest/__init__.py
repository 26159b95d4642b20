"""The upload of recordings to the core."""

from pyca.ingest.outside import Outside
from pyca.ingest.service import Ingest

__all__ = ['Ingest', 'Outside']
