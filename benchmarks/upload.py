"""Measure an upload: time against `curl -F`, and the memory that it takes.

    python benchmarks/upload.py [megabytes]

Sends a file to a server that throws everything away, each way in turn, and prints the best of five.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('megabytes', nargs='?', type=int, default=1500)
    size = parser.parse_args().megabytes
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
        for _ in range(5):
            _, said = timed([sys.executable, '-c', OURS, url, str(path)])
            seconds, peak = said.split()  # the request alone: the agent does not start anew for each
            times['pyca'].append(float(seconds))
            memory = max(memory, int(peak))
            if curl:
                form = ['-F', 'flavor=presenter/source', '-F', f'BODY1=@{path}']
                times['curl'].append(timed([curl, '-sS', '-H', 'Expect:', *form, f'{url}/addTrack'])[0])
        server.shutdown()
    best = {name: min(found) for name, found in times.items() if found}
    sys.stdout.write(f'{size} MB: ' + ', '.join(f'{name} {value:.2f} s' for name, value in best.items()) + '\n')
    sys.stdout.write(f'peak memory of the whole process {memory / 1024:.0f} MiB\n')
    if 'curl' in best:
        sys.stdout.write(f'pyca takes {best["pyca"] / best["curl"]:.2f} times as long as curl -F\n')
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f'(the server beside it: {own:.0f} MiB)\n')


if __name__ == '__main__':
    main()
