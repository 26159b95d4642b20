"""Where the overview has its figures from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyca.clock import Clock
from pyca.recording.standby import Standby
from pyca.recording.store import Store
from pyca.settings import Settings
from pyca.storage.contacts import Contacts
from pyca.storage.counts import Counts
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.listing import Listing
from pyca.storage.location import beside
from pyca.storage.recorded import Recordings
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.ui.overview.fingerprint import fingerprint
from pyca.ui.overview.hardware import Hardware


@dataclass(frozen=True)
class Sources:
    """The questions to the database, the recordings folder, the machine."""

    settings: Settings
    clock: Clock
    database: Database
    listing: Listing
    recordings: Recordings
    upcoming: Upcoming
    services: Services
    faults: Faults
    contacts: Contacts
    counts: Counts
    store: Store
    hardware: Hardware
    fingerprint: str

    @classmethod
    def of(cls, settings: Settings, database: Database, clock: Clock, hardware: Hardware | None = None) -> Sources:
        directory = settings.capture.directory
        return cls(
            settings=settings,
            clock=clock,
            database=database,
            listing=Listing(database),
            recordings=Recordings(database),
            upcoming=Upcoming(database),
            services=Services(database),
            faults=Faults(database),
            contacts=Contacts(database),
            counts=Counts(database),
            store=Store(Path(directory), standby=Standby(beside(settings.agent.database, directory))),
            hardware=hardware or Hardware(),
            fingerprint=fingerprint(settings),
        )
