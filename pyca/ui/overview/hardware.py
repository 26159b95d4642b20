"""What the machine says of itself, as far as it can be read."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

from pyca.ui.overview.model import Memory

_KIB = 1024
_PLAUSIBLE = range(-40, 151)
"""Degrees Celsius that a sensor of a computer that works may show."""


class Hardware:
    """Reads the files in which Linux tells about itself, below `root`."""

    def __init__(self, root: Path = Path('/')) -> None:
        self._root = root

    def load(self) -> tuple[float, float, float] | None:
        try:
            one, five, fifteen = os.getloadavg()
        except OSError:
            return None
        return round(one, 2), round(five, 2), round(fifteen, 2)

    def memory(self) -> Memory | None:
        """Used is what programs hold: all but what is free, in buffers or cached."""
        figures = self._meminfo()
        total, free = figures.get('MemTotal'), figures.get('MemFree')
        if total is None or free is None:
            return None
        buffers, cached = figures.get('Buffers'), figures.get('Cached')
        if cached is not None:
            cached += figures.get('SReclaimable', 0)
        held = free + (buffers or 0) + (cached or 0)
        used = total - held if total >= held else total - free
        return Memory(total, figures.get('MemAvailable', free), used, free, cached, buffers)

    def _meminfo(self) -> dict[str, int]:
        figures = {}
        with suppress(OSError):
            for line in (self._root / 'proc/meminfo').read_text(encoding='ascii', errors='replace').splitlines():
                name, _, rest = line.partition(':')
                number = rest.strip().split(' ')[0]
                if number.isdecimal():
                    figures[name] = int(number) * _KIB
        return figures

    def temperature(self) -> float | None:
        """The hottest sensor, in degrees Celsius."""
        found = []
        for sensor in (self._root / 'sys/class/thermal').glob('thermal_zone*/temp'):
            with suppress(OSError, ValueError):
                degrees = int(sensor.read_text(encoding='ascii')) / 1000
                if int(degrees) in _PLAUSIBLE:
                    found.append(degrees)
        return max(found, default=None)

    def video_devices(self) -> list[str]:
        """Such as `/dev/video0`."""
        return sorted(f'/dev/{device.name}' for device in (self._root / 'dev').glob('video*'))

    @staticmethod
    def python() -> str:
        return platform.python_version()

    @staticmethod
    def system() -> str:
        """Such as `Linux 6.1.0 aarch64`."""
        return f'{platform.system()} {platform.release()} {platform.machine()}'
