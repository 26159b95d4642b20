"""What speaks against the end of an upload is asked for as late as it can be, by each method."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca import settings
from pyca.errors import StorageError, Unreachable
from pyca.states import EventStatus
from tests.services.ingest_world import World

BACK = 'backup mode; meanwhile the primary agent has delivered it'
CALLS = {'multi': 'ingest', 'single': 'ingest_single', 'zip': 'ingest_zip'}


class Objector:
    """Says for each question in turn what speaks against the copy, the last one for ever."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    def __call__(self, recorded: object) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def copying(folder: Path, method: str, *answers: str | Exception) -> World:
    """A backup agent that uploads a copy by this method."""
    world = World(folder)
    world.hindrance = Objector(*answers)
    world.options = settings.Ingest(method=method)
    world.restart()
    world.record()
    return world


@pytest.mark.parametrize('method', CALLS)
def test_what_speaks_against_an_upload_keeps_its_final_call_from_being_repeated(tmp_path: Path, method: str) -> None:
    at_first = [''] if method == 'multi' else ['', '']  # before the first bytes, before the last ones
    world = copying(tmp_path, method, *at_first, BACK)
    world.core.fail(CALLS[method], Unreachable('lost', sent=True))
    world.run_until(EventStatus.PAUSED_AFTER_RECORDING, within=7200)

    assert world.row().cause == BACK
    assert world.core.count(CALLS[method]) == 1
    assert world.core.accepted == []


@pytest.mark.parametrize('method', ['single', 'zip'])
def test_the_primary_is_asked_for_again_before_the_last_bytes(tmp_path: Path, method: str) -> None:
    """With everything in one request hours may go by after its beginning."""
    world = copying(tmp_path, method, '', BACK)
    world.run_until(EventStatus.PAUSED_AFTER_RECORDING)

    assert world.row().cause == BACK
    assert world.core.accepted == []
    assert world.upload().final_sent is None


@pytest.mark.parametrize('method', ['single', 'zip'])
def test_a_repeat_ends_only_if_nothing_speaks_against_it(tmp_path: Path, method: str) -> None:
    world = copying(tmp_path, method, '', '', '', BACK)
    world.core.fail(CALLS[method], Unreachable('lost', sent=True))
    world.run_until(EventStatus.PAUSED_AFTER_RECORDING, within=7200)

    assert world.row().cause == BACK
    assert world.core.accepted == []


def test_a_question_without_an_answer_ends_no_request(tmp_path: Path) -> None:
    world = copying(tmp_path, 'single', '', Unreachable('away'), '')
    world.run_until(EventStatus.FAILED_UPLOADING)
    assert world.core.accepted == []
    assert world.upload().final_sent is None

    world.run_until(EventStatus.FINISHED_UPLOADING)
    assert len(world.core.accepted) == 1


def test_a_database_in_trouble_does_not_have_everything_sent_again(tmp_path: Path) -> None:
    world = copying(tmp_path, 'single', '', StorageError('locked'))
    world.run_until(EventStatus.FINISHED_UPLOADING)
    assert len(world.core.accepted) == 1
