"""Counts of failed logins, on both kinds of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pyca.storage.database import Database
from pyca.storage.login_failures import MOST, LoginFailures
from pyca.storage.secret import shared_secret


def test_failures_are_counted_until_their_time_is_over(database: Database) -> None:
    failures = LoginFailures(database, 'name', 60)
    assert failures.count('admin', 1000) == (0, 0)
    for at in (1000, 1010, 1059):
        failures.add('admin', at)
    assert failures.count('admin', 1059) == (3, 1)
    assert failures.count('admin', 1060) == (0, 0)
    failures.add('admin', 1061)
    assert failures.count('admin', 1061) == (1, 60)


def test_kinds_do_not_mix(database: Database) -> None:
    names, clients = LoginFailures(database, 'name', 60), LoginFailures(database, 'client', 600)
    clients.add('192.0.2.7', 1000)
    names.add('192.0.2.7', 1100)
    assert clients.count('192.0.2.7', 1100) == (1, 500)
    assert names.count('192.0.2.7', 1100) == (1, 60)


def test_workers_count_together(database: Database) -> None:
    failures = LoginFailures(database, 'name', 60)
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: failures.add('admin', 1000), range(20)))
    assert failures.count('admin', 1000)[0] == 20


def test_made_up_names_fill_nothing(database: Database) -> None:
    failures = LoginFailures(database, 'name', 60)
    for number in range(MOST + 5):
        failures.add(f'name {number}', 1000)
    assert failures.count(f'name {MOST + 1}', 1000)[0] == 0
    failures.add('name 0', 1001)
    assert failures.count('name 0', 1001)[0] == 2
    failures.add('another', 1061)
    assert failures.count('another', 1061)[0] == 1


def test_any_name_can_be_counted(database: Database) -> None:
    failures = LoginFailures(database, 'name', 60)
    for name in ('', '\0', '\ud800', 'Grüße', 'x' * 10_000):
        failures.add(name, 1000)
        assert failures.count(name, 1000)[0] == 1


def test_all_workers_know_the_same_secret(database: Database) -> None:
    with ThreadPoolExecutor(4) as workers:
        seen = set(workers.map(lambda _: shared_secret(database), range(8)))
    assert len(seen) == 1
    assert len(seen.pop()) == 64
