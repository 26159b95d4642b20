"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings


def pytest_configure() -> None:
    _hear_interrupts()
    _draw_the_same_examples()


def _hear_interrupts() -> None:
    """What runs in the background may ignore interrupts, and every program that tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _draw_the_same_examples() -> None:
    """In every run, on every machine; how long a busy one takes for each is no finding."""
    slow = [HealthCheck.too_slow]
    settings.register_profile('pyca', deadline=None, derandomize=True, database=None, suppress_health_check=slow)
    settings.load_profile('pyca')
