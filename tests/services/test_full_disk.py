"""What the accounts say of the disk of the recordings."""

from __future__ import annotations

from pathlib import Path

from pyca.accounts import Accounts, Ledgers
from pyca.clock import SystemClock
from pyca.recording.disk import Space
from pyca.recording.store import Store
from pyca.states import Fault
from pyca.stop import Bell
from pyca.storage.counts import Counts
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recordings


class Disk:
    """A disk with as much room as the test says."""

    free = 1 << 30

    def space(self, path: Path) -> Space:
        return Space(1 << 40, 5, self.free)

    def writable(self, path: Path) -> bool:
        return True


def test_a_full_disk_is_a_fault_until_it_is_cured(tmp_path: Path) -> None:
    clock, disk, store_at = SystemClock(), Disk(), tmp_path / 'recordings'
    database = Database(f'sqlite:///{tmp_path}/pyca.db', clock)
    database.change()
    faults = Faults(database)
    ledgers = Ledgers(Recordings(database), faults, Memory(database), Counts(database))
    store = Store(store_at, disk=disk)
    store.prepare()
    accounts = Accounts(store, ledgers, clock, backup_mode=False, bell=Bell())
    accounts.step()
    assert faults.all() == []

    disk.free = 1000
    accounts.step()
    said = [(row.fault, row.text) for row in faults.all()]
    disk.free = 1 << 30
    accounts.step()

    assert [fault for fault, _ in said] == [Fault.DISK_FULL]
    assert str(store_at) in said[0][1]
    assert faults.all() == []
    database.close()
