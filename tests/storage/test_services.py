"""What the services say of themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import insert

from pyca.states import ServiceStatus, ServiceType
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
    services.set(ServiceType.CAPTURE, ServiceStatus.BUSY, 'recording')
    assert services.all()[ServiceType.CAPTURE] == ServiceRow(
        ServiceType.CAPTURE, ServiceStatus.BUSY, 'recording', os.getpid(), clock.now()
    )


@pytest.mark.parametrize(('later', 'written'), [(0, False), (59, False), (60, True), (-3600, True)])
def test_repeating_it_is_written_once_a_minute(
    database: Database, clock: HandClock, later: float, written: bool
) -> None:
    services = Services(database)
    services.set(ServiceType.INGEST, ServiceStatus.IDLE)
    before = database.change()
    clock.time += later
    services.set(ServiceType.INGEST, ServiceStatus.IDLE)
    assert (database.change() != before) is written


@pytest.mark.parametrize(('status', 'text'), [(ServiceStatus.BUSY, ''), (ServiceStatus.IDLE, 'waiting')])
def test_a_change_is_written_at_once(database: Database, status: ServiceStatus, text: str) -> None:
    services = Services(database)
    services.set(ServiceType.INGEST, ServiceStatus.IDLE)
    services.set(ServiceType.INGEST, status, text)
    row = services.all()[ServiceType.INGEST]
    assert (row.status, row.text) == (status, text)


@pytest.mark.parametrize(('silence', 'status'), [(180, ServiceStatus.BUSY), (181, ServiceStatus.STOPPED)])
def test_a_silent_service_counts_as_stopped(
    database: Database, clock: HandClock, silence: float, status: ServiceStatus
) -> None:
    services = Services(database)
    services.set(ServiceType.CAPTURE, ServiceStatus.BUSY)
    clock.time += silence
    assert services.all()[ServiceType.CAPTURE].status is status


def test_a_state_of_old_code_is_taken_as_it_is(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(service_states).values(type=2, status=3))
        connection.execute(insert(service_states).values(type=3, status=99))
    rows = Services(database).all()
    assert rows[ServiceType.CAPTURE] == ServiceRow(ServiceType.CAPTURE, ServiceStatus.BUSY, '', 0, None)
    assert rows[ServiceType.INGEST].status is ServiceStatus.STOPPED
    Services(database).set(ServiceType.CAPTURE, ServiceStatus.BUSY)
    assert Services(database).all()[ServiceType.CAPTURE].pid == os.getpid()


def test_two_agents_with_a_database_each_share_nothing(tmp_path: Path, clock: HandClock) -> None:
    """H46: the second one used the database of the first."""
    first, second = (Database(f'sqlite:///{tmp_path}/{name}.db', clock) for name in ('a', 'b'))
    Services(first).set(ServiceType.CAPTURE, ServiceStatus.BUSY)
    assert Services(second).all()[ServiceType.CAPTURE].status is ServiceStatus.STOPPED
    first.close()
    second.close()
