"""A clock that is moved under programs which do not know of it.

libfaketime would move the deadlines of `time.sleep`, too; this library moves nothing but what time it is.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *moved;
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_RUN_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *place = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    if (place != MAP_FAILED) moved = place;
    close(file);
}
int clock_gettime(clockid_t which, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, which, now);
    if (!result && moved && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += *moved;
    return result;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *place) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (place) *place = exact.tv_sec;
    return exact.tv_sec;
}
"""


class MovingClock:
    """`environment` is for the programs that shall see it; empty where there is no C compiler to make it with."""

    def __init__(self, folder: Path) -> None:
        self.environment: dict[str, str] = {}
        self._file = folder / 'clock'
        self._file.write_bytes(struct.pack('l', 0))
        compiler = shutil.which('cc')
        if compiler is None:
            return
        source, library = folder / 'clock.c', folder / 'clock.so'
        source.write_text(SOURCE)
        words = [compiler, '-O1', '-shared', '-fPIC', '-o', str(library), str(source)]
        if subprocess.run(words, check=False, capture_output=True).returncode == 0:
            self.environment = {'LD_PRELOAD': str(library), 'FAULT_RUN_CLOCK': str(self._file)}

    def wrong_by(self, seconds: int) -> None:
        with self._file.open('r+b') as file:
            file.write(struct.pack('l', seconds))
