"""When the core was last spoken with."""

from __future__ import annotations

from pathlib import Path

from pyca.storage.contacts import Contacts, Seen, Sending
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from tests.storage.clocks import HandClock


def test_a_new_database_knows_of_none(database: Database) -> None:
    assert Contacts(database).seen() == Seen()


def test_what_was_noted_is_seen_by_others(database: Database) -> None:
    contacts = Contacts(database)
    contacts.accepted(1_700_000_000.7)
    contacts.offset(-3.0)
    contacts.sending('a', 5, 1_700_000_000.5, 17)
    seen = Contacts(database).seen()
    assert seen == Seen(None, 1_700_000_001.0, -3.0, (Sending('a', 5, 1_700_000_000.5, 17),))


def test_of_uploads_at_once_the_tries_of_all_are_seen(database: Database) -> None:
    contacts = Contacts(database)
    for number in range(10):
        contacts.sending(f'u{number}', 5, 1_700_000_000.0, number)
    assert [one.uid for one in contacts.seen().sending] == [f'u{number}' for number in range(2, 10)]


def test_values_of_another_shape_are_unknown(database: Database) -> None:
    for key in ('state posted', 'upload accepted', 'clock offset', 'upload under way'):
        Memory(database).put(key, ['odd', ['odder']])
    assert Contacts(database).seen() == Seen()


def test_a_database_in_trouble_keeps_nobody_from_work(tmp_path: Path) -> None:
    contacts = Contacts(Database(f'sqlite:///{tmp_path}/missing/x.db', HandClock()))
    contacts.offset(1.0)
    contacts.accepted(5.0)
    assert not (tmp_path / 'missing').exists()
