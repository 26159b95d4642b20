"""What is odd in a file is said, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca import config
from pyca.settings import Settings

IN_ORDER = {
    'server': {'url': 'https://opencast.example.org', 'password': 'of-this-agent'},
    'ui': {'url': 'http://room1.example.org:8000', 'password': 'of-this-page'},
}


def text_of(sections: dict[str, dict[str, str]]) -> str:
    return ''.join(
        f'[{name}]\n' + ''.join(f'{key} = {value}\n' for key, value in keys.items()) for name, keys in sections.items()
    )


QUIET = text_of(IN_ORDER)


def warnings(text: str) -> list[str]:
    return list(config.parse(text, 'pyca.conf').warnings)


def changed(section: str, *lines: str) -> list[str]:
    """What is said about a file that is in order but for these lines."""
    new = {line.split('=')[0].strip() for line in lines}
    kept = {key: value for key, value in IN_ORDER.get(section, {}).items() if key not in new}
    others = {name: keys for name, keys in IN_ORDER.items() if name != section}
    return warnings(text_of({**others, section: kept}) + '\n'.join(lines))


def test_a_file_in_order_causes_no_warning() -> None:
    assert warnings(QUIET) == []


@pytest.mark.parametrize(
    ('section', 'line', 'said'),
    [
        ('agent', 'nmae = x', '[agent] nmae: is no option that the agent knows and does nothing; did you mean name?'),
        (
            'capture',
            'auth_method = basic',
            '[capture] auth_method: is no option that the agent knows and does nothing;',
        ),
        ('capture', 'auth_method = basic', 'it belongs to [server]'),
        ('http', 'zzz = 1', '[http] zzz: is no option that the agent knows and does nothing; known are timeout, '),
        ('agent', '[[more]]', '[agent] more: is no option that the agent knows'),
        ('srever', 'x = y', '[srever]: is no section that the agent knows; did you mean server?'),
        (
            'service_overrides',
            'x = y',
            '[service_overrides]: does nothing here; write [[service_overrides]] at the end of',
        ),
        (
            'capture',
            'command = run {{tmie}}',
            '[capture] command: {{tmie}} is no placeholder here and stays as it is; known',
        ),
        ('capture', 'files = {{time}}/{{dir}}', '[capture] files: {{time}} is no placeholder here and stays as it is;'),
        ('capture', 'files = {{time}}/{{dir}}', 'known are {{dir}} {{name}}'),
        ('capture', 'preview = {{dir}}/x.jpg', '[capture] preview: {{dir}} is no placeholder here and stays as it is;'),
        (
            'capture',
            "command = 'run %(time)s'",
            '[capture] command: %(time)s is not replaced by anything; write {{time}}',
        ),
        (
            'capture',
            'files = /rec/x.mkv',
            "[capture] files: '/rec/x.mkv' is the same for every recording; write {{dir}}/",
        ),
        (
            'capture',
            'sigterm_time = 130',
            "[capture] sigkill_time: '120' is before sigterm_time, which is 130; KILL waits",
        ),
        (
            'capture',
            'command = nice ffmpeg -i /dev/video0 -t {{time}} {{dir}}/{{name}}.webm -update 1 {{previewdir}}/a.jpg',
            "[capture] command: '{{previewdir}}/a.jpg' has no -t of its own, so that ffmpeg goes on after the event",
        ),
        (
            'capture',
            'command = ffmpeg -i a {{dir}}/{{name}}.webm -update 1 -to {{time}} {{previewdir}}/a.jpg',
            "[capture] command: '{{dir}}/{{name}}.webm' has no -t of its own, so that ffmpeg goes on after the event",
        ),
        (
            'capture',
            'command = /bin/ffmpeg -i a -t {{time}} {{dir}}/{{name}}.webm -f image2 -t {{time}} {{previewdir}}/a.PNG',
            "[capture] command: '{{previewdir}}/a.PNG' has no -update 1, so that ffmpeg breaks off at its second pict",
        ),
        (
            'server',
            'username = opencast_system_account',
            '[server] auth_method: opencast_system_account can log in by dig',
        ),
        ('server', 'password = opencast', '[server] password: is the login that everybody knows (admin, opencast);'),
        ('agent', 'backup_copy = upload', '[agent] backup_copy: is for an agent with backup_mode = true; this one'),
        ('server', 'insecure = true', '[server] insecure: is on: anybody on the way to the core can read the password'),
        ('server', 'password = abc#def', '[server] password: ends before its #, which begins a comment; put the value'),
        (
            'ui',
            'password = opencast',
            '[ui] password: is the login that everybody knows (admin, opencast); choose another',
        ),
        ('ui', 'password =', '[ui] password: is empty, so whoever reaches the page may delete recordings; set one'),
        ('ui', 'url = http://localhost:5000', "[ui] url: 'http://localhost:5000' is what Opencast shows as address of"),
        ('ui', 'url = room-1:8000', "'room-1:8000' is no web address; write one such as http://"),
        ('ui', 'url = http://127.0.0.1', 'leads nowhere from another machine; write the name of this one, or leave'),
        ('ui', 'url = http://[::1]:80', 'leads nowhere from another machine'),
        ('ui', 'url = http://0.0.0.0:80', 'leads nowhere from another machine'),
        (
            'logging',
            'file = /nowhere/pyca.log',
            "[logging] file: the folder of '/nowhere/pyca.log' does not exist; nothing",
        ),
    ],
)
def test_what_is_likely_not_meant_is_said(section: str, line: str, said: str) -> None:
    found = changed(section, line)
    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith('pyca.conf: [')


@pytest.mark.parametrize(
    ('section', 'line'),
    [
        ('services', 'org.opencastproject.ingest = x'),
        ('ui', 'url ='),
        ('server', 'password = abc #def'),
        ('server', "password = 'abc'#def"),
        ('server', 'auth_method = digest'),
        ('capture', 'command = run {{time}} {{dir}} {{name}} {{previewdir}}'),
        ('logging', 'file = pyca.log'),
        ('capture', 'sigterm_time = 120'),
    ],
)
def test_what_is_well_meant_is_not_commented_on(section: str, line: str) -> None:
    assert changed(section, line) == []


@pytest.mark.parametrize(
    'command',
    [
        pytest.param('ffmpeg -i a {{dir}}/{{name}}.webm -update 1 {{previewdir}}/a.jpg', id='ended by a signal alone'),
        pytest.param('ffmpeg -t {{time}} -i a {{dir}}/{{name}}.webm -t 9 {{previewdir}}/%d.jpg', id='its input ends'),
        pytest.param(
            'ffmpeg -i a -t {{time}} {{dir}}/{{name}}.webm -frames:v 1 {{previewdir}}/a.jpg', id='one picture'
        ),
        pytest.param(
            'ffmpeg -i a -t 9 {{dir}}/{{name}}.webm -t 9 -f mjpeg {{previewdir}}/a.jpg', id='a film of pictures'
        ),
        pytest.param('record -t {{time}} {{dir}}/{{name}}.webm -updatefirst 1 {{previewdir}}/a.jpg', id='no ffmpeg'),
        pytest.param('ffmpeg -i', id='half a command'),
    ],
)
def test_a_command_that_may_well_work_is_not_commented_on(command: str) -> None:
    assert changed('capture', f"command = '{command}'") == []


def test_a_command_that_is_ended_by_a_signal_may_have_outputs_without_a_length() -> None:
    command = 'ffmpeg -i a -t {{time}} {{dir}}/{{name}}.webm -update 1 {{previewdir}}/a.jpg'
    (found,) = changed('capture', f"command = '{command}'", 'sigkill_time = -1')
    assert 'goes on after the event for ever;' in found
    assert changed('capture', f"command = '{command}'", 'sigcustom_time = 0') == []
    assert changed('capture', f"command = '{command}'", 'sigterm_time = 5') == []


def test_a_silent_agent_needs_no_address() -> None:
    lines = QUIET.replace('http://room1.example.org:8000', 'http://localhost')
    assert len(warnings(lines)) == 1
    assert warnings(lines + '[agent]\nbackup_mode = true') == []


def test_a_key_before_the_first_section_is_told_its_place() -> None:
    (found,) = warnings('cal_lookahead = 3\n' + QUIET)
    assert found == 'pyca.conf: cal_lookahead: stands before the first section and does nothing; write it below [agent]'


def test_a_service_that_is_not_used_is_told_with_its_likely_name() -> None:
    text = QUIET.replace('[ui]', '[[service_overrides]]\norg.opencastproject.ingset = http://10.0.0.1\n[ui]')
    (found,) = warnings(text)
    assert '[server] [[service_overrides]] org.opencastproject.ingset: is no service that the agent uses;' in found
    assert 'did you mean org.opencastproject.ingest?' in found


def test_the_default_address_of_the_page_is_warned_of_once() -> None:
    """H53: the core was told an address that leads to itself."""
    found = [warning for warning in warnings('') if '[ui] url' in warning]
    assert len(found) == 1


def test_no_warning_has_a_password_in_it() -> None:
    found = changed(
        'server', 'password = Tr0ub4dor', 'username = $password', 'Tr0ub4dor = 1', 'cookiefile = $password#x'
    )
    assert found
    assert not any('Tr0ub4dor' in warning for warning in found)


def test_an_unknown_key_keeps_the_rest_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / 'pyca.conf'
    path.write_text('[agent]\ncolour = blue\nname = a\n')
    settings = config.load(str(path))
    assert settings.agent.name == 'a'
    assert settings.capture == Settings().capture
