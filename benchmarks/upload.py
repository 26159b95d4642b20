"""Measure an upload: time against `curl -F`, and the memory that it takes.

    python -m benchmarks.upload [megabytes]
    python -m benchmarks.upload --method zip [megabytes]

Sends a file to a server that throws everything away, each way in turn, nine times, and prints the medians; then has
`pyca run` record and upload such a file to a stand-in core, and prints the most memory that it ever had. With a method,
only the latter is done, by that method.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for

ROOT = Path(__file__).resolve().parent.parent
OURS = """
import resource, sys, time
from pathlib import Path
from pyca import settings
from pyca.opencast.http import Http, Upload
http = Http(settings.Server(url=sys.argv[1]), settings.Http())
begun = time.monotonic()
http.upload(sys.argv[1] + '/addTrack', [('flavor', 'presenter/source')], Upload(Path(sys.argv[2]), 'camera.mp4'))
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Sink(BaseHTTPRequestHandler):
    """Reads a body to its end, then says so."""

    protocol_version = 'HTTP/1.1'

    def do_POST(self) -> None:
        left, room = int(self.headers['Content-Length']), memoryview(bytearray(2**20))
        while left > 0:
            count = self.rfile.readinto1(room[: min(left, len(room))])
            if not count:
                return
            left -= count
        self.send_response(200)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def timed(command: list[str]) -> tuple[float, str]:
    begun = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return time.monotonic() - begun, done.stdout.strip()


def program(folder: Path, size: int, method: str = 'multi') -> float:
    """Peak memory in MiB of `pyca run` that has recorded and uploaded a file of so many megabytes."""
    with StandIn(folder / 'core') as core:
        recorder = f"sh -c 'head -c {size}000000 /dev/zero > {{{{dir}}}}/{{{{name}}}}.dat; exec sleep 4'"
        options = {'capture': {'command': recorder}, 'ingest': {'method': method}, 'logging': {'level': 'info'}}
        agent = Agent(folder / 'agent', core, **options)
        start = int(time.time()) + 6
        core.add_event(agent=agent.name, start=start, end=start + 6)
        try:
            pid = agent.start().pid
            wait_for(lambda: core.deliveries, limit=500)
            lines = Path(f'/proc/{pid}/status').read_text().splitlines()
            agent.stop()
        finally:
            agent.clean()
        sent = [track.size for track in core.deliveries[0].tracks]
    if sent != [size * 10**6]:
        raise SystemExit(f'what arrived is {sent} bytes long')
    return next(int(line.split()[1]) for line in lines if line.startswith('VmHWM:')) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('megabytes', nargs='?', type=int, default=1500)
    parser.add_argument('--method', choices=('multi', 'single', 'zip'), default='')
    size, method = parser.parse_args().megabytes, parser.parse_args().method
    if method:
        with tempfile.TemporaryDirectory() as folder:
            peak = program(Path(folder), size, method)
        sys.stdout.write(f'peak memory of `pyca run` that recorded {size} MB, sent by {method}: {peak:.0f} MiB\n')
        return
    curl = shutil.which('curl')
    with tempfile.TemporaryDirectory() as folder, Server(('127.0.0.1', 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_address[1]}'
        path = Path(folder, 'camera.mp4')
        with path.open('wb') as file:
            block = os.urandom(10**6)
            for _ in range(size):
                file.write(block)
        times: dict[str, list[float]] = {'pyca': [], 'curl': []}
        memory = 0
        for _ in range(9):
            _, said = timed([sys.executable, '-c', OURS, url, str(path)])
            seconds, kilobytes = said.split()  # the request alone: the agent does not start anew for each
            times['pyca'].append(float(seconds))
            memory = max(memory, int(kilobytes))
            if curl:
                form = ['-F', 'flavor=presenter/source', '-F', f'BODY1=@{path}']
                times['curl'].append(timed([curl, '-sS', '-H', 'Expect:', *form, f'{url}/addTrack'])[0])
        server.shutdown()
        peak = program(Path(folder), size)
    middle = {name: statistics.median(found) for name, found in times.items() if found}
    sys.stdout.write(f'{size} MB: ' + ', '.join(f'{name} {value:.2f} s' for name, value in middle.items()) + '\n')
    sys.stdout.write(f'peak memory of the whole process {memory / 1024:.0f} MiB\n')
    if 'curl' in middle:
        ratio = statistics.median(ours / theirs for ours, theirs in zip(times['pyca'], times['curl'], strict=True))
        sys.stdout.write(f'pyca takes {ratio:.2f} times as long as curl -F\n')
    sys.stdout.write(f'peak memory of `pyca run` with such a recording {peak:.0f} MiB\n')
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f'(the server beside it: {own:.0f} MiB)\n')


if __name__ == '__main__':
    main()
