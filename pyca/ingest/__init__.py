"""The upload of recordings to the core."""

from pyca.ingest.clearing import shortage
from pyca.ingest.outside import Outside
from pyca.ingest.service import Ingest
from pyca.ingest.sole import SoleUploader
from pyca.ingest.window import UploadWindow

__all__ = ['Ingest', 'Outside', 'SoleUploader', 'UploadWindow', 'shortage']
