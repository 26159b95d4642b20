"""What is remembered of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from pyca.storage.database import Database
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.storage.rows import blob
from pyca.storage.tables import pyca_memory
from tests.storage.clocks import HandClock


def test_what_one_service_learns_does_not_overwrite_what_another_did(database: Database) -> None:
    one, other = KnownNodes(Memory(database)), KnownNodes(Memory(database))
    one.save('scheduler', ['http://a.example.org/recordings'])
    other.save('ingest', ['http://b.example.org/ingest', 'http://c.example.org/ingest'])

    again = KnownNodes(Memory(database))

    assert again.load('scheduler') == ['http://a.example.org/recordings']
    assert again.load('ingest') == ['http://b.example.org/ingest', 'http://c.example.org/ingest']
    assert again.load('capture admin') == []


def test_a_database_in_trouble_keeps_nobody_from_asking_the_core(tmp_path: Path, clock: HandClock) -> None:
    nodes = KnownNodes(Memory(Database(f'sqlite:///{tmp_path}/missing/pyca.db', clock)))

    nodes.save('scheduler', ['http://a.example.org/recordings'])

    assert nodes.load('scheduler') == []


@pytest.mark.parametrize('stored', ['text', None, {'a': 1}, 5])
def test_stored_nonsense_is_no_address(database: Database, stored: object) -> None:
    nodes, memory = KnownNodes(Memory(database)), Memory(database)
    nodes.save('ingest', ['http://b.example.org/ingest'])
    with database.write() as connection:
        connection.execute(update(pyca_memory).values(value=blob(stored)))
    assert memory.get('endpoints of ingest') == stored

    assert nodes.load('ingest') == []
