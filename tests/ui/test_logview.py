"""The log for people: what is shown of it, and the file to take away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.settings import Logging, Server, Settings, Ui
from pyca.ui.logview import LINES, LogView, LogViews
from tests.storage.clocks import HandClock
from tests.ui.site import NOW, Site

SECRET = 'correct horse'
ATTACK = '\x1b[31m\u202ered'


def views(command: str = '', file: str = '') -> LogViews:
    settings = Settings(ui=Ui(log_command=command), logging=Logging(file=file), server=Server(password=SECRET))
    return LogViews(settings, HandClock(float(NOW)))


def lines(view: LogView) -> list[tuple[str, str]]:
    return [(line.text, line.severity) for line in view.lines]


@pytest.fixture
def log(tmp_path: Path) -> Callable[[str], LogViews]:
    """What is shown of a log file with this content."""

    def written(content: str) -> LogViews:
        (tmp_path / 'pyca.log').write_text(content, encoding='utf-8')
        return views(file=str(tmp_path / 'pyca.log'))

    return written


def test_without_a_command_or_a_file_it_is_disabled() -> None:
    shown = views()
    assert not shown.enabled
    assert shown.read() == LogView(NOW, 'disabled')


def test_severities_are_words_and_a_stack_trace_has_that_of_its_message(log: Callable[[str], LogViews]) -> None:
    view = log(
        '[pyca.loop:67:turn()] [INFO] INFORMATION\n'
        '2026-11-20 ERROR it failed\nTraceback (most recent call last):\n  File "x"\n'
        'pyca.capture WARNING [ERROR] \n'
    ).read()
    assert (view.state, view.source, view.total) == ('shown', 'file', 5)
    assert [severity for _, severity in lines(view)] == ['info', 'error', 'error', 'error', 'warning']


def test_lines_of_other_programs_have_no_severity_of_their_neighbours() -> None:
    view = views('echo ERROR x; echo plain').read()
    assert (view.source, lines(view)) == ('command', [('ERROR x', 'error'), ('plain', '')])


def test_the_newest_lines_come_last_and_the_others_are_counted(log: Callable[[str], LogViews]) -> None:
    shown = log(''.join(f'line {n}\n' for n in range(LINES + 50)))
    view = shown.read()
    assert (len(view.lines), view.total) == (LINES, LINES + 50)
    assert view.lines[-1].text == f'line {LINES + 49}'
    assert [line.text for line in shown.read(2).lines] == ['line 248', 'line 249']


def test_a_large_file_is_read_at_its_end_only(tmp_path: Path) -> None:
    file = tmp_path / 'pyca.log'
    with file.open('wb') as opened:
        opened.truncate(1 << 28)
        opened.seek(0, 2)
        opened.write(b'\nlast\n')
    view = views(file=str(file)).read()
    assert view.lines[-1].text == 'last'
    assert sum(len(line.text) for line in view.lines) <= 1 << 20


def test_secrets_and_what_moves_a_cursor_are_taken_out(log: Callable[[str], LogViews]) -> None:
    assert lines(log(f'INFO http://agent:{SECRET}@core {ATTACK}\n').read()) == [
        ('INFO http://agent:***@core  [31m red', 'info')
    ]
    assert lines(views(f"printf 'password {SECRET} {ATTACK}'").read()) == [('password ***  [31m red', '')]


@pytest.mark.parametrize('content', ['', '\n\n'])
def test_a_log_without_a_line_is_empty(log: Callable[[str], LogViews], content: str) -> None:
    assert log(content).read().state == 'empty'


def test_a_log_that_nothing_was_written_to_yet_is_empty(tmp_path: Path) -> None:
    assert views(file=str(tmp_path / 'no.log')).read().state == 'empty'
    assert views('true').read().state == 'empty'


def test_what_cannot_be_read_is_an_error_with_its_cause(tmp_path: Path) -> None:
    view = views(file=str(tmp_path)).read()
    assert (view.state, view.reason, view.lines) == ('error', f'{tmp_path}: Is a directory', ())
    view = views('echo out of order; exit 3').read()
    assert (view.state, view.source, view.reason) == ('error', 'command', 'it ended with exit code 3 out of order')


def test_the_command_counts_more_than_the_file(tmp_path: Path) -> None:
    (tmp_path / 'pyca.log').write_text('of the file\n')
    assert lines(views('echo of the command', str(tmp_path / 'pyca.log')).read()) == [('of the command', '')]


def test_the_lines_of_one_event_are_those_that_name_it(log: Callable[[str], LogViews]) -> None:
    shown = log('u1: INFO begins\nWARNING of u10\nERROR u1-rest\nERROR Upload of u1 waits\nxu1\n(u1)\n')
    assert lines(shown.read(uid='u1')) == [
        ('u1: INFO begins', 'info'),
        ('ERROR Upload of u1 waits', 'error'),
        ('(u1)', ''),
    ]
    assert shown.read(uid='u2').state == 'empty'
    assert lines(shown.read(uid='.*')) == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, logging=Logging(file=str(tmp_path / 'pyca.log')), ui=Ui(password=''))
    yield made
    made.close()


def test_the_log_can_be_taken_away_as_a_file(site: Site, tmp_path: Path) -> None:
    content = [f'u{n}: INFO <b>line</b> {n}' for n in range(1000)]
    (tmp_path / 'pyca.log').write_text('\n'.join(content))
    answer = site.get('/log.txt')
    assert (answer.status_code, answer.content_type) == (200, 'text/plain; charset=utf-8')
    assert answer.headers['Content-Disposition'] == 'attachment; filename="pyca-20270115T080000Z.log"'
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert answer.text.splitlines() == content
    assert site.get('/log.txt?event=u7').text == 'u7: INFO <b>line</b> 7\n'


def test_where_there_is_none_to_take_away_the_reason_is_said(site: Site, tmp_path: Path) -> None:
    answer = site.get('/log.txt')
    assert (answer.status_code, answer.text) == (404, 'The log is empty.\n')
    (tmp_path / 'pyca.log').mkdir()
    answer = site.get('/log.txt')
    assert answer.status_code == 503
    assert 'Is a directory' in answer.text


def test_a_viewer_may_take_it_and_strangers_may_not(tmp_path: Path) -> None:
    (tmp_path / 'pyca.log').write_text('INFO all is well\n')
    ui = Ui(username='admin', password='of this page', viewer_password='look')
    site = Site(tmp_path, logging=Logging(file=str(tmp_path / 'pyca.log')), ui=ui)
    assert site.get('/log.txt').status_code == 401
    with site.client.get('/log.txt', auth=('viewer', 'look')) as answer:
        assert answer.get_data(as_text=True) == 'INFO all is well\n'
    site.close()
