"""What is wrong with the agent."""

from __future__ import annotations

from pyca.states import Fault, ServiceType
from pyca.storage.database import Database
from pyca.storage.faults import FaultRow, Faults

CAPTURE, INGEST = ServiceType.CAPTURE, ServiceType.INGEST


def test_a_fault_is_news_once(database: Database) -> None:
    faults = Faults(database)
    assert faults.raise_(CAPTURE, Fault.DISK_FULL, 'no room', 1.0)
    before = database.change()
    assert not faults.raise_(CAPTURE, Fault.DISK_FULL, 'no room', 2.0)
    assert database.change() == before


def test_a_new_text_is_news_about_the_same_fault(database: Database) -> None:
    faults = Faults(database)
    faults.raise_(CAPTURE, Fault.DISK_FULL, '1 GB left', 1.0)
    assert faults.raise_(CAPTURE, Fault.DISK_FULL, 'nothing left', 2.0)
    assert faults.all() == [FaultRow(Fault.DISK_FULL, 'nothing left', 1.0, CAPTURE)]


def test_a_fault_ends_when_its_service_says_so(database: Database) -> None:
    faults = Faults(database)
    faults.raise_(CAPTURE, Fault.LOGIN_REFUSED, 'no', 1.0)
    faults.raise_(INGEST, Fault.LOGIN_REFUSED, 'no', 2.0)
    assert faults.clear(CAPTURE, Fault.LOGIN_REFUSED)
    assert [row.service for row in faults.all()] == [INGEST]
    assert not faults.clear(CAPTURE, Fault.LOGIN_REFUSED)


def test_a_service_can_take_back_all_of_its_own(database: Database) -> None:
    faults = Faults(database)
    faults.raise_(CAPTURE, Fault.RECORDER, 'a', 1.0)
    faults.raise_(CAPTURE, Fault.CLOCK, 'b', 2.0)
    faults.raise_(INGEST, Fault.UPLOAD, 'c', 3.0)
    assert faults.clear(CAPTURE)
    assert [row.fault for row in faults.all()] == [Fault.UPLOAD]


def test_words_of_the_core_may_hold_anything(database: Database) -> None:
    faults = Faults(database)
    faults.raise_(INGEST, Fault.UPLOAD, 'binary \0 \ud800', 1.0)
    assert not faults.raise_(INGEST, Fault.UPLOAD, 'binary \0 \ud800', 1.0)
    assert [row.text for row in faults.all()] == ['binary � ?']
