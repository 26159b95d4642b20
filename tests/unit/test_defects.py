"""What nobody expected is in the log, not on standard error alone."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from pyca import logs
from pyca.defects import Logged
from pyca.errors import StorageError
from pyca.masking import Redaction
from pyca.settings import Logging

SECRET = 'Tr0ub4dor-and-3'


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the program's own logging writes."""
    stream = io.StringIO()
    with closing(logs.setup(Logging(format='%(message)s'), Redaction([SECRET]), stderr=stream)):
        yield stream


def fail() -> None:
    raise RuntimeError(f'cannot log in with {SECRET}')


def test_an_unexpected_exception_ends_in_the_log_without_secrets(log: io.StringIO) -> None:
    with Logged():
        fail()

    said = log.getvalue()
    assert said.startswith('Ending after a defect of this program\nTraceback')
    assert 'RuntimeError: cannot log in with ***' in said
    assert SECRET not in said


def test_one_of_a_thread_ends_in_the_log_without_secrets(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    with Logged():
        thread = threading.Thread(target=fail, name='side')
        thread.start()
        thread.join()

    said = log.getvalue()
    assert said.startswith('The thread side ended after a defect of this program\nTraceback')
    assert 'RuntimeError: cannot log in with ***' in said
    assert capsys.readouterr().err == ''


def test_a_sentence_for_the_user_passes(log: io.StringIO) -> None:
    with pytest.raises(StorageError), Logged():
        raise StorageError('The folder does not exist.')

    assert log.getvalue() == ''


@pytest.mark.parametrize('error', [KeyboardInterrupt(), SystemExit(3)])
def test_a_request_to_end_passes(log: io.StringIO, error: BaseException) -> None:
    with pytest.raises(type(error)), Logged():
        raise error

    assert log.getvalue() == ''


def test_afterwards_threads_fail_as_before() -> None:
    before = threading.excepthook
    with suppress(StorageError), Logged():
        raise StorageError('an end')

    assert threading.excepthook is before
