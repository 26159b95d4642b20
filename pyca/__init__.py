"""The capture agent for Opencast."""

__version__ = '5.0.dev0'
