"""A stand-in core with faults on demand."""
