"""What the calendar says about an event, kept beside the journal."""

from __future__ import annotations

import json
from pathlib import Path

from pyca.event import Event
from pyca.recording.journal import Journal, load

EVENT = Event('a', 100, 200, 'Lecture', {'attach': [{'data': 'x' * 1000}]})


def test_a_journal_of_an_earlier_version_has_it_inside(tmp_path: Path) -> None:
    journal = Journal(tmp_path, EVENT, ('presenter/source',))
    journal.save()
    stored = json.loads((tmp_path / 'recording.json').read_text())
    assert 'data' not in stored['event']
    stored['event']['data'] = dict(EVENT.data)
    for name in ('called_off', 'resumed', 'origin', 'local', 'orders'):
        del stored[name]
    (tmp_path / 'recording.json').write_text(json.dumps(stored))
    (tmp_path / 'event.json').unlink()

    found = load(tmp_path)
    assert found is not None
    assert found.event == EVENT
    found.save()
    again = load(tmp_path)
    assert again is not None
    assert again.event == EVENT
    assert (tmp_path / 'recording.json').stat().st_size < 1000


def test_a_journal_that_lost_it_is_still_a_journal(tmp_path: Path) -> None:
    Journal(tmp_path, EVENT, ('presenter/source',)).save()
    (tmp_path / 'event.json').write_text('{')

    found = load(tmp_path)

    assert found is not None
    assert (found.event.uid, found.event.end, found.event.data) == ('a', 200, {})


def test_a_full_disk_that_takes_only_the_journal_gets_the_journal(tmp_path: Path) -> None:
    (tmp_path / '.event.json.new').mkdir()  # where it is written before it takes its name
    journal = Journal(tmp_path, EVENT, ('presenter/source',))
    try:
        journal.save()
    except OSError:
        (tmp_path / '.event.json.new').rmdir()
    assert (tmp_path / 'recording.json').exists()

    journal.save()

    found = load(tmp_path)
    assert found is not None
    assert found.event == EVENT
