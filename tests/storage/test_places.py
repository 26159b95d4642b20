"""Where a database is, and on what."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.errors import StorageError
from pyca.storage.location import locate
from pyca.storage.mounts import file_system, shares_memory

MOUNTS = r"""
/dev/sda1 / ext4 rw 0 0
server:/data /srv nfs4 rw 0 0
tmpfs /srv/local tmpfs rw 0 0
//server/share /mnt/two\040words cifs rw 0 0
/dev/sdb1 /mnt/over ext4 rw 0 0
me@host: /mnt/over fuse.sshfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ('path', 'kind'),
    [
        ('/var/lib/pyca', 'ext4'),
        ('/srv', 'nfs4'),
        ('/srv/pyca', 'nfs4'),
        ('/srvother', 'ext4'),
        ('/srv/local/pyca', 'tmpfs'),
        ('/mnt/two words/pyca', 'cifs'),
        ('/mnt/over', 'fuse.sshfs'),
    ],
)
def test_the_longest_mount_point_tells_the_file_system(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / 'mounts'
    mounts.write_text(MOUNTS)
    assert file_system(Path(path), mounts) == kind


def test_without_a_list_of_mounts_the_file_system_is_unknown(tmp_path: Path) -> None:
    assert file_system(tmp_path, tmp_path / 'missing') == ''


@pytest.mark.parametrize(
    ('kind', 'holds'),
    [
        *((kind, True) for kind in ('ext4', 'xfs', 'btrfs', 'overlay', 'tmpfs', 'f2fs', 'zfs', 'fuseblk', '')),
        *((kind, False) for kind in ('nfs', 'nfs4', 'cifs', 'smb3', '9p', 'fuse', 'fuse.sshfs', 'virtiofs')),
    ],
)
def test_a_write_ahead_log_needs_a_local_disk(kind: str, holds: bool) -> None:
    assert shares_memory(kind) is holds


@pytest.mark.parametrize(
    ('url', 'shown'),
    [
        ('sqlite:///pyca.db', 'sqlite:////here/pyca.db'),
        ('sqlite:////var/lib/pyca.db', 'sqlite:////var/lib/pyca.db'),
        ('postgresql://pyca:secret@db/pyca', 'postgresql+psycopg2://pyca@db/pyca'),
        ('postgresql://db/pyca?user=pyca&password=secret', 'postgresql+psycopg2://db/pyca?user=pyca'),
        ('postgresql+pg8000://pyca:secret@db:5433/pyca', 'postgresql+pg8000://pyca@db:5433/pyca'),
    ],
)
def test_the_place_is_shown_in_full_without_a_password(url: str, shown: str) -> None:
    assert locate(url, folder=Path('/here')).shown == shown


@pytest.mark.parametrize('url', ['', 'pyca.db', 'sqlite//secret', 'nosuch://secret@host/name'])
def test_an_unusable_url_is_a_sentence_without_its_secrets(url: str) -> None:
    with pytest.raises(StorageError, match='database URL') as caught:
        locate(url)
    assert 'secret' not in str(caught.value)


@pytest.mark.parametrize(('here', 'chosen'), [(True, 'home'), (False, 'root')])
def test_a_file_in_the_working_directory_comes_first(tmp_path: Path, here: bool, chosen: str) -> None:
    for name in ('home', 'root'):
        (tmp_path / name).mkdir()
    (tmp_path / 'root' / 'pyca.db').touch()
    if here:
        (tmp_path / 'home' / 'pyca.db').touch()
    location = locate('sqlite:///pyca.db', folder=tmp_path / 'home', root=tmp_path / 'root')
    assert location.path == tmp_path / chosen / 'pyca.db'


def test_a_database_in_memory_has_no_file() -> None:
    assert locate('sqlite://').path is None
