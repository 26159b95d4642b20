"""Counts of failed logins, on both kinds of database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from pyca.storage.database import Database
from pyca.storage.login_failures import LoginFailures
from pyca.storage.secret import shared_secret
from pyca.storage.tables import pyca_login_failure


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


def test_ever_new_words_fill_nothing(database: Database) -> None:
    failures = LoginFailures(database, 'client', 60, most=20)
    for number in range(25):
        failures.add(f'client {number}', 1000 + number)
        assert failures.count(f'client {number}', 1000 + number)[0] == 1
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(pyca_login_failure)).scalar() == 20
    assert failures.count('client 0', 1025)[0] == 0


def test_ever_new_words_push_out_none_that_fails_on_and_on(database: Database) -> None:
    failures, other = LoginFailures(database, 'client', 600, most=20), LoginFailures(database, 'name', 600, most=20)
    other.add('admin', 1000)
    for number in range(60):
        failures.add(f'client {number}', 1000 + number)
        failures.add('the one that guesses', 1000 + number)
    assert failures.count('the one that guesses', 1060)[0] == 60
    assert other.count('admin', 1060)[0] == 1


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
