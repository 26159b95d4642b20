"""What the services say of themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import insert

from pyca.states import ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.database import Database
from pyca.storage.services import ServiceRow, Services
from pyca.storage.tables import service_states
from tests.storage.clocks import HandClock


def test_every_service_is_listed_before_any_has_spoken(database: Database) -> None:
    rows = Services(database).all()
    assert [(service, row.status) for service, row in rows.items()] == [
        (service, ServiceStatus.STOPPED) for service in ServiceType
    ]


def test_a_service_says_what_it_does(database: Database, clock: HandClock) -> None:
    services = Services(database)
    services.beat({ServiceType.CAPTURE: ServiceStatus.BUSY})
    assert services.all()[ServiceType.CAPTURE] == ServiceRow(
        ServiceType.CAPTURE, ServiceStatus.BUSY, '', os.getpid(), clock.now()
    )


def test_all_services_of_a_process_are_said_with_one_change(database: Database) -> None:
    services = Services(database)
    services.beat({ServiceType.INGEST: ServiceStatus.IDLE})
    before = database.change()

    services.beat({ServiceType.INGEST: ServiceStatus.BUSY, ServiceType.CAPTURE: ServiceStatus.IDLE})

    rows = services.all()
    assert rows[ServiceType.INGEST].status is ServiceStatus.BUSY
    assert rows[ServiceType.CAPTURE].status is ServiceStatus.IDLE
    assert database.change() == before + 1


@pytest.mark.parametrize(
    ('silence', 'status'),
    [
        (180, ServiceStatus.BUSY),
        (181, ServiceStatus.STOPPED),
        (-180, ServiceStatus.BUSY),
        (-181, ServiceStatus.STOPPED),
    ],
)
def test_a_silent_service_counts_as_stopped(
    database: Database, clock: HandClock, silence: float, status: ServiceStatus
) -> None:
    services = Services(database)
    services.beat({ServiceType.CAPTURE: ServiceStatus.BUSY})
    clock.time += silence
    assert services.all()[ServiceType.CAPTURE].status is status


def test_what_old_code_said_last_is_no_sign_of_life(database: Database) -> None:
    """H43: pyCA 4 under systemd never took back what it had said."""
    with database.write() as connection:
        connection.execute(insert(service_states).values(type=2, status=3))
        connection.execute(insert(service_states).values(type=3, status=99))
    rows = Services(database).all()
    assert rows[ServiceType.CAPTURE] == ServiceRow(ServiceType.CAPTURE, ServiceStatus.STOPPED, '', 0, None)
    assert rows[ServiceType.INGEST].status is ServiceStatus.STOPPED
    assert [service for service, row in rows.items() if row.listed] == [ServiceType.CAPTURE, ServiceType.INGEST]
    Services(database).beat({ServiceType.CAPTURE: ServiceStatus.BUSY})
    row = Services(database).all()[ServiceType.CAPTURE]
    assert (row.status, row.pid) == (ServiceStatus.BUSY, os.getpid())


def test_two_agents_with_a_database_each_share_nothing(tmp_path: Path, clock: HandClock) -> None:
    """H46: the second one used the database of the first."""
    first, second = (Database(f'sqlite:///{tmp_path}/{name}.db', clock) for name in ('a', 'b'))
    Services(first).beat({ServiceType.CAPTURE: ServiceStatus.BUSY})
    assert Services(second).all()[ServiceType.CAPTURE].status is ServiceStatus.STOPPED
    first.close()
    second.close()


def test_when_the_core_took_the_state_is_written_with_the_next_sign_of_life(database: Database) -> None:
    contacts = Contacts(database)
    services = Services(database, contacts)
    contacts.posted(1_700_000_000.4)
    assert contacts.seen().state is None
    services.beat({ServiceType.AGENTSTATE: ServiceStatus.IDLE})
    assert contacts.seen().state == 1_700_000_000.0
