"""`pyca.conf`."""

from pyca.config.hints import public_demo
from pyca.config.loading import SEARCH, find, load, parse

__all__ = ['SEARCH', 'find', 'load', 'parse', 'public_demo']
