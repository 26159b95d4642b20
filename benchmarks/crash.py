"""How much of a recording a `kill -9` of ffmpeg costs, for each container.

    python -m benchmarks.crash [kills]

Each command copies a film that was encoded before, in real time, so that what is lost is what the container holds back
and not the encoder. Several run side by side, and each is killed after another number of seconds. What is lost: the
seconds from the first packet to the kill, less those that ffprobe finds in the file, in the stream that has fewer.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIP = (
    '-f lavfi -i testsrc=r=25:s=640x360,noise=alls=20:allf=t -f lavfi -i sine -t 40 '
    '-c:v libx264 -preset ultrafast -g 50 -b:v 2M -minrate 2M -maxrate 2M -bufsize 1M -pix_fmt yuv420p -c:a aac'
)
"""What is recorded: 2 Mbit/s, a key frame every other second."""
COPIED = '-re -i {clip} -c copy'
CLUSTERS = '-cluster_time_limit 1000 -flush_packets 1'
COMMANDS = {
    'MP4': (COPIED, 'mp4'),
    'MP4 in fragments of a second': (
        f'{COPIED} -movflags empty_moov+default_base_moof -frag_duration 1000000 -flush_packets 1',
        'mp4',
    ),
    'MPEG-TS': (COPIED, 'ts'),
    'Matroska': (COPIED, 'mkv'),
    'Matroska, flushed': (f'{COPIED} -flush_packets 1', 'mkv'),
    'Matroska, clusters of a second': (f'{COPIED} -cluster_time_limit 1000', 'mkv'),
    'Matroska, clusters of a second, flushed': (f'{COPIED} {CLUSTERS}', 'mkv'),
}
SHORTEST = 14.0
SPREAD = 6.1
"""Seconds; longer than what most of them hold back, so that kills come at every point of it."""


def seconds(path: Path, stream: str) -> float:
    """From the first packet of a stream in a file to its last; 0 when a player would find none."""
    words = ['ffprobe', '-v', 'error', '-select_streams', stream, '-show_entries', 'packet=pts_time', '-of', 'csv=p=0']
    said = subprocess.run([*words, str(path)], capture_output=True, text=True, check=False).stdout
    times = [float(line.strip(',')) for line in said.split() if line.strip(',') != 'N/A']
    return max(times) - min(times) if times else 0.0


def ffmpeg(words: str, path: Path) -> list[str]:
    return ['ffmpeg', '-v', 'error', '-nostdin', '-y', *shlex.split(words), str(path)]


def losses(options: str, suffix: str, kills: int, folder: Path) -> list[float]:
    """Seconds lost by each of the kills."""
    running = []
    for number in range(kills):
        path = folder / f'{number}.{suffix}'
        words = ffmpeg(options.format(clip=folder / 'clip.mkv'), path)
        child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        while not path.exists():
            time.sleep(0.01)
        running.append((child, path, time.monotonic()))
    found = []
    for number, (child, path, began) in enumerate(running):
        wanted = SHORTEST + SPREAD * number / kills
        time.sleep(max(0.0, began + wanted - time.monotonic()))
        child.kill()
        ran = time.monotonic() - began
        child.wait()
        found.append(ran - min(seconds(path, 'v'), seconds(path, 'a')))
        if not seconds(path, 'v'):
            found[-1] = float('inf')
        path.unlink()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('kills', nargs='?', type=int, default=3)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(ffmpeg(CLIP, Path(folder, 'clip.mkv')), check=True)
        for name, (options, suffix) in COMMANDS.items():
            lost = losses(options, suffix, kills, Path(folder))
            if float('inf') in lost:
                said = 'everything'
            else:
                said = f'{statistics.median(lost):.1f} s ({min(lost):.1f} to {max(lost):.1f})'
            sys.stdout.write(f'{name}: {said}\n')
            sys.stdout.flush()


if __name__ == '__main__':
    main()
