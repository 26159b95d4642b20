"""Files on their way to a server that does not always take them."""

from __future__ import annotations

import contextlib
import email.parser
import email.policy
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyca.errors import Interrupted, Refused, Unreachable
from pyca.opencast.http import Http, Upload
from tests.opencast.conftest import Exchange, FakeCore, MovedClock


class Fast:
    """A clock on which a minute lasts three seconds."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() * 20


Connect = Callable[..., Http]
FIELDS = [('mediaPackage', '<mediapackage title="Hörsaal"/>'), ('flavor', 'presenter/source')]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'camera.mp4'
    path.write_bytes(os.urandom(3_000_000))
    return path


def parts(body: bytes, kind: str) -> list[tuple[str, str | None, bytes]]:
    """Name, filename and content of each part, by somebody else's parser."""
    text = f'Content-Type: {kind}\r\n\r\n'.encode() + body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
    found = []
    for part in message.iter_parts():
        name = str(part.get_param('name', header='content-disposition'))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found.append((name, part.get_filename(), content))
    return found


def test_the_fields_come_first_and_only_the_file_has_a_filename(core: FakeCore, http: Http, tmp_path: Path) -> None:
    """Trap 25."""
    path = tmp_path / 'camera.mp4'
    path.write_bytes(b'\x00\xff\r\n--film' * 1000)
    core.answer = lambda exchange: exchange.take(200, 'taken')

    assert http.upload(f'{core.url}/ingest/addTrack', FIELDS, Upload(path, 'camera.mp4')).text == 'taken'

    (call,) = core.calls
    assert parts(call.body, call.headers['Content-Type']) == [
        ('mediaPackage', None, '<mediapackage title="Hörsaal"/>'.encode()),
        ('flavor', None, b'presenter/source'),
        ('BODY1', 'camera.mp4', path.read_bytes()),
    ]
    assert call.received == int(call.headers['Content-Length'])
    assert 'Expect' not in call.headers


def test_a_path_may_have_umlauts_and_blanks(core: FakeCore, http: Http, tmp_path: Path) -> None:
    """H31."""
    folder = tmp_path / 'Hörsaal 1, "groß" 🎥'
    folder.mkdir()
    path = folder / 'kamera für alle.mp4'
    path.write_bytes(b'film')
    core.answer = lambda exchange: exchange.take()

    http.upload(f'{core.url}/addTrack', FIELDS, Upload(path, 'kamera_f_r_alle.mp4'))

    assert parts(core.calls[0].body, core.calls[0].headers['Content-Type'])[-1][2] == b'film'


def test_a_path_may_be_no_text_at_all(core: FakeCore, http: Http, tmp_path: Path) -> None:
    """H31."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b'/cam\xe9ra.mp4'))
    path.write_bytes(b'film')
    core.answer = lambda exchange: exchange.take()

    http.upload(f'{core.url}/addTrack', FIELDS, Upload(path, 'camera.mp4'))

    assert parts(core.calls[0].body, core.calls[0].headers['Content-Type'])[-1][2] == b'film'


def test_an_empty_file_is_sent_as_it_is(core: FakeCore, http: Http, tmp_path: Path) -> None:
    (tmp_path / 'empty').touch()
    core.answer = lambda exchange: exchange.take()

    http.upload(f'{core.url}/addTrack', FIELDS, Upload(tmp_path / 'empty', 'empty'))

    assert parts(core.calls[0].body, core.calls[0].headers['Content-Type'])[-1][2] == b''


def test_a_missing_file_is_no_fault_of_the_core(core: FakeCore, http: Http, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        http.upload(f'{core.url}/addTrack', FIELDS, Upload(tmp_path / 'gone', 'gone'))

    assert core.calls == []


def test_a_file_that_becomes_shorter_is_not_passed_off_as_whole(core: FakeCore, connect: Connect, file: Path) -> None:
    http = connect(core, rate=2_000_000, beat=lambda: os.truncate(file, 1000))
    core.answer = lambda exchange: exchange.take()

    with pytest.raises(OSError, match=r'3000000 bytes, now 1000$'):
        http.upload(f'{core.url}/addTrack', FIELDS, Upload(file, 'camera.mp4'))


def test_a_file_that_grows_is_said_to_be_written_to(core: FakeCore, connect: Connect, file: Path) -> None:
    """What went out is cut off where the file ended at first; the core, who says so, is not to blame."""

    def grow() -> None:
        with file.open('ab') as more:
            more.write(b'more')

    http = connect(core, rate=2_000_000, beat=grow)
    core.answer = lambda exchange: exchange.take(400, 'malformed')

    with pytest.raises(OSError, match='was written to while it was sent: 3000000 bytes'):
        http.upload(f'{core.url}/addTrack', FIELDS, Upload(file, 'camera.mp4'))


def test_progress_ends_at_the_whole_size(core: FakeCore, http: Http, file: Path) -> None:
    heard: list[tuple[int, int]] = []
    core.answer = lambda exchange: exchange.take()

    http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4', lambda sent, total: heard.append((sent, total))))

    assert heard == sorted(heard)
    assert heard[-1] == (core.calls[0].received, core.calls[0].received)


def test_the_rate_is_kept(core: FakeCore, connect: Connect, file: Path) -> None:
    core.answer = lambda exchange: exchange.take()
    begun = time.monotonic()

    connect(core, rate=2_000_000).upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))

    assert time.monotonic() - begun > 1.0


def test_a_low_rate_is_no_stall(core: FakeCore, connect: Connect, file: Path) -> None:
    """Blocks go out with pauses between them then, here so long that a busy machine makes them no stall either."""
    os.truncate(file, 30_000)
    core.answer = lambda exchange: exchange.take()

    answer = connect(core, rate=3_000, stall=0.1).upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))

    assert answer.status == 200


def test_a_core_that_stops_reading_is_given_up(core: FakeCore, connect: Connect, tmp_path: Path) -> None:
    """H22."""
    path = tmp_path / 'large'
    with path.open('wb') as file:
        file.truncate(200_000_000)
    core.answer = lambda exchange: exchange.hang(core.released)

    with pytest.raises(Unreachable, match='no byte could be sent') as caught:
        connect(core, stall=0.5).upload(f'{core.url}/a', FIELDS, Upload(path, 'a.mp4'))

    assert not caught.value.sent


def test_a_core_that_thinks_long_after_the_last_byte_is_no_stall(
    core: FakeCore, connect: Connect, file: Path, clock: MovedClock
) -> None:
    """Time passes from the last byte on: before it a busy machine may need longer."""

    def think(exchange: Exchange) -> None:
        exchange.read()
        for _ in range(3):
            clock.time += 60
            core.released.wait(1.0)
        exchange.reply(200, 'taken')

    core.answer = think
    http = connect(core, stall=0.2, clock=clock)

    assert http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4')).text == 'taken'


def test_a_core_that_never_answers_may_have_taken_it(core: FakeCore, http: Http, file: Path) -> None:
    def swallow(exchange: Exchange) -> None:
        exchange.read()
        exchange.hang(core.released)

    core.answer = swallow

    with pytest.raises(Unreachable, match='no answer for') as caught:
        http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4', answer_limit=0.5))

    assert caught.value.sent


@pytest.mark.parametrize('reset', [False, True])
def test_a_connection_cut_in_the_middle_is_tried_again(core: FakeCore, http: Http, file: Path, reset: bool) -> None:
    file.write_bytes(bytes(30_000_000))

    def cut(exchange: Exchange) -> None:
        exchange.read(100_000)
        exchange.hang_up(reset=reset)

    core.answer = cut

    with pytest.raises(Unreachable) as caught:
        http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))

    assert not caught.value.sent
    assert len(core.calls) == 1


@pytest.mark.parametrize('kept', [True, False])
def test_a_question_after_an_upload_is_a_question(core: FakeCore, http: Http, file: Path, kept: bool) -> None:
    """The registry is asked for another node right after an upload has failed: as a POST it answered 405."""
    core.answer = lambda exchange: exchange.take(200, 'taken') if kept else exchange.hang_up()
    with contextlib.suppress(Unreachable):
        http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))
    core.answer = lambda exchange: exchange.reply()

    http.get(f'{core.url}/services/available.json')
    http.put(f'{core.url}/b')

    assert core.paths == ['POST /a', 'GET /services/available.json', 'PUT /b']


@pytest.mark.parametrize('status', [400, 500])
def test_an_answer_before_the_end_of_the_body_counts(core: FakeCore, http: Http, file: Path, status: int) -> None:
    """The server lingers, as real ones do: a connection reset at once may take the answer with it."""
    os.truncate(file, 500_000_000)

    def refuse(exchange: Exchange) -> None:
        exchange.read(100_000)
        exchange.reply(status, 'disk full', {'Connection': 'close'})
        exchange.read()
        exchange.hang_up()

    core.answer = refuse

    with pytest.raises(Refused, match='disk full') as caught:
        http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))

    assert caught.value.status == status
    http.close()
    assert core.calls[0].received < 500_000_000


def test_a_stop_ends_an_upload(core: FakeCore, connect: Connect, file: Path) -> None:
    stop = threading.Event()

    def answer(exchange: Exchange) -> None:
        exchange.read()
        stop.set()
        core.released.wait(30)
        exchange.hang_up()

    core.answer = answer

    with pytest.raises(Interrupted):
        connect(core, interrupted=stop.is_set).upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))


def test_whoever_hears_the_progress_may_end_an_upload(core: FakeCore, connect: Connect, file: Path) -> None:
    core.answer = lambda exchange: exchange.hang(core.released)

    with pytest.raises(Interrupted):
        connect(core).upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4', lambda sent, total: sent > 0))


def test_a_large_file_does_not_fill_the_memory(core: FakeCore, tmp_path: Path) -> None:
    """Row 11: 20 GB in less than 100 MB. Measured in a process of its own."""
    path = tmp_path / 'large'
    with path.open('wb') as file:
        file.truncate(400_000_000)
    core.answer = lambda exchange: exchange.take()
    program = (
        'import resource, sys\nfrom pathlib import Path\nfrom pyca import settings\n'
        'from pyca.opencast.http import Http, Upload\n'
        'http = Http(settings.Server(url=sys.argv[1]), settings.Http())\n'
        'before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
        "http.upload(sys.argv[1] + '/a', [], Upload(Path(sys.argv[2]), 'a'))\n"
        'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n'
    )

    done = subprocess.run([sys.executable, '-c', program, core.url, str(path)], capture_output=True, check=True)

    assert core.calls[0].received > 400_000_000
    assert int(done.stdout) < 20_000  # kB


def test_a_file_that_is_held_back_keeps_its_connection_and_goes_on_later(
    core: FakeCore, connect: Connect, file: Path
) -> None:
    """Breaking it off would count as a failed job of the core, and all of it would have to be sent again (trap 33)."""
    held = threading.Event()
    held.set()
    had: list[int] = []

    def beat() -> None:
        """Nothing may be sent until some of it has come through all the same."""
        if held.is_set() and core.calls and core.calls[0].received > 0:
            had.append(core.calls[0].received)
            held.clear()

    http = connect(core, beat=beat, held=held.is_set, clock=Fast(), stall=10_000.0)
    core.answer = lambda exchange: exchange.take()

    http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))

    assert len(core.calls) == 1
    assert core.calls[0].received > 3_000_000
    assert had[0] < 1_000_000


def test_nobody_waits_for_the_end_of_what_is_held_back(core: FakeCore, connect: Connect, file: Path) -> None:
    stop = threading.Event()
    http = connect(core, held=lambda: True, interrupted=stop.is_set, beat=stop.set)
    core.answer = lambda exchange: exchange.take()

    with pytest.raises(Interrupted):
        http.upload(f'{core.url}/a', FIELDS, Upload(file, 'a.mp4'))
