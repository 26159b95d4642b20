"""Recordings whose files are not there any more when they are to be uploaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from pyca.event import Outcome
from pyca.recording.journal import load
from pyca.recording.store import MARKER
from pyca.states import EventStatus
from pyca.storage.retrying import Retry
from tests.services.ingest_world import HandClock
from tests.services.upload_site import Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
WAITS = EventStatus.FAILED_UPLOADING


@pytest.fixture
def core(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', HandClock(), strict=True) as standin:
        yield standin


@pytest.fixture
def site(tmp_path: Path, core: StandIn) -> Iterator[Site]:
    site = Site(tmp_path / 'agent', core, HandClock())
    (site.root / MARKER).touch()
    yield site
    site.close()


def test_a_folder_that_somebody_has_deleted_is_held_and_named(site: Site, core: StandIn) -> None:
    """It was the last one, and waited for ever for its disk."""
    site.record()
    folder = site.folder()
    shutil.rmtree(folder)
    site.run_until(HELD)
    row = site.row()
    assert (row.outcome, row.cause) == (Outcome.HELD, f'The files of this recording are gone: {folder}')
    asked = len(core.requests)
    site.run(86_400, stride=60)
    assert site.row().status is HELD
    assert len(core.requests) == asked


def test_it_is_uploaded_when_it_is_back_and_a_person_says_so(site: Site) -> None:
    site.record()
    folder = site.folder()
    away = folder.rename(site.root.parent / 'moved by hand')
    site.run_until(HELD)
    Retry(site.database).decide('event-1')
    site.run_until(HELD, within=60)  # that was too early
    away.rename(folder)
    site.run(3600, stride=10)
    assert site.row().status is HELD
    Retry(site.database).decide('event-1')
    site.run_until(DONE, within=60)
    site.the_delivery()


def test_the_others_are_uploaded_all_the_same(site: Site) -> None:
    site.record('event-2')
    site.record('event-1')
    shutil.rmtree(site.folder('event-2'))
    site.run(60)
    assert (site.row('event-1').status, site.row('event-2').status) == (DONE, HELD)


def test_a_folder_that_goes_during_its_upload_is_held(site: Site) -> None:
    site.record()
    while not site.taken():
        site.service.step()
    shutil.rmtree(site.folder())
    site.run_until(HELD)
    assert 'are gone' in site.row().cause
    assert site.core.deliveries == []


def test_a_disk_that_is_not_mounted_makes_nothing_held(site: Site) -> None:
    """Its empty place lacks the marker."""
    site.record()
    away = site.root.rename(site.root.with_name('on the disk'))
    site.root.mkdir()
    site.run(7200, stride=10)
    assert site.row().status is WAITS
    assert 'mounted' in site.row().cause
    site.root.rmdir()
    away.rename(site.root)
    site.run_until(DONE)
    site.the_delivery()


def test_a_part_that_is_gone_is_held_and_named(site: Site) -> None:
    """Nor does a recording of several parts wait for ever."""
    site.record()
    journal = load(site.folder())
    assert journal is not None
    (segment,) = journal.segments
    segment.files = [f'{name}-part-0' for name in segment.files]
    for name in segment.files:
        (journal.folder / name.removesuffix('-part-0')).rename(journal.folder / name)
    second = type(segment)(1, segment.planned + 600, segment.told, ['more-0.mkv', 'more-1.mkv'])
    second.started, second.ended, second.end = segment.planned + 600.0, segment.planned + 900.0, segment.end
    journal.segments.append(second)
    journal.save()
    (journal.folder / 'more-1.mkv').write_bytes(b'x')
    site.run_until(HELD)
    assert f'{journal.folder}/more-0.mkv' in site.row().cause
    assert 'vanished' in site.row().cause
