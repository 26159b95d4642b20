"""The type of the file system that a path lies on."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = frozenset({'9p', 'afs', 'beegfs', 'ceph', 'cifs', 'gfs2', 'gpfs', 'lustre', 'ncpfs', 'nfs', 'nfs4', 'ocfs2'})
_HOST = frozenset({'prl_fs', 'smb3', 'smbfs', 'vboxsf', 'virtiofs', 'vmhgfs'})


def file_system(path: Path, mounts: Path = Path('/proc/mounts')) -> str:
    """The type as the kernel names it (`ext4`, `nfs4`, `fuse.sshfs`), empty where it cannot be told."""
    try:
        lines = mounts.read_text(errors='surrogateescape').splitlines()
    except OSError:
        return ''
    wanted = path.resolve()
    best, kind = -1, ''
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        depth = len(point.parts)
        # a later line covers an earlier one on the same folder
        if depth >= best and (wanted == point or point in wanted.parents):
            best, kind = depth, fields[2]
    return kind


def shares_memory(kind: str) -> bool:
    """Whether SQLite's write-ahead log holds there: all who write must share one memory, hence one machine.

    FUSE may be anything, so only its block device form counts as local.
    """
    return kind not in _NETWORK | _HOST and (not kind.startswith('fuse') or kind == 'fuseblk')


def _unescaped(text: str) -> str:
    """The kernel writes blanks of a path as `\\040`."""
    return re.sub(r'\\([0-7]{3})', lambda match: chr(int(match.group(1), 8)), text)
