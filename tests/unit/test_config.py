"""Which file is read, and what stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca import config
from pyca.errors import ConfigurationError
from pyca.settings import Server, Settings, Ui, sections
from pyca.values import show

OLD_FILE = """
# A file as releases up to 4.5 had it: most of it commented out, and the login for digest.
[agent]
name                 = 'room-101'
#update_frequency     = 60
database             = sqlite:////var/lib/pyca/pyca.db

[capture]
directory            = /var/lib/pyca/recordings
command              = 'ffmpeg -f v4l2 -i /dev/video0 -t {{time}} -vf "scale=320:240,fps=5" {{dir}}/{{name}}.mp4'
flavors              = 'presenter/source', 'presentation/source'
files                = '{{dir}}/{{name}}.mp4', '{{dir}}/{{name}}-screen.mp4'
preview_dir          = '/var/lib/pyca'
preview              = '{{previewdir}}/preview.jpg',

[ingest]
delete_after_upload  = True
upload_rate          = '250k'

[server]
url                  = https://opencast.example.org
#auth_method          = digest
username             = opencast_agent
password             = 'pa$$word, # and more'

[services]
org.opencastproject.ingest = http://10.0.0.1/ingest

[ui]
url                  = http://room-101.example.org:8000
password             = ''
log_command          = 'journalctl -n 50'
"""


def written(folder: Path, text: str, name: str = 'pyca.conf') -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return str(path)


def parsed(section: str, *lines: str) -> Settings:
    return config.parse('\n'.join([f'[{section}]', *lines]), 'pyca.conf')


def test_the_explicit_file_is_read_and_no_other(tmp_path: Path) -> None:
    explicit = written(tmp_path, '[agent]\nname = chosen', 'a/own.conf')
    found = written(tmp_path, '[agent]\nname = found', 'b/pyca.conf')
    settings = config.load(explicit, search=[found])
    assert (settings.agent.name, settings.source) == ('chosen', explicit)


def test_a_missing_explicit_file_is_a_mistake_even_if_another_file_exists(tmp_path: Path) -> None:
    """H47: a mistyped path silently meant the defaults."""
    found = written(tmp_path, '[agent]\nname = found')
    missing = str(tmp_path / 'mistyped.conf')
    with pytest.raises(ConfigurationError) as caught:
        config.load(missing, search=[found])
    assert str(caught.value) == f'{missing}: does not exist; give the path of a configuration file'


def test_the_first_file_of_the_search_wins(tmp_path: Path) -> None:
    first = written(tmp_path, '[agent]\nname = first', 'one/pyca.conf')
    second = written(tmp_path, '[agent]\nname = second', 'two/pyca.conf')
    missing = str(tmp_path / 'nowhere' / 'pyca.conf')
    assert config.load(search=[missing, first, second]).agent.name == 'first'
    assert config.load(search=[missing, second, first]).agent.name == 'second'


def test_the_places_are_those_of_existing_installations() -> None:
    assert config.SEARCH == ('./etc/pyca.conf', '/etc/pyca/pyca.conf')


def test_a_file_that_cannot_be_read_is_a_mistake_and_not_skipped(tmp_path: Path) -> None:
    folder, loop = tmp_path / 'folder.conf', tmp_path / 'loop.conf'
    folder.mkdir()
    loop.symlink_to(loop)
    found = written(tmp_path, '[agent]\nname = found', 'third.conf')
    for name, reason in ((folder, 'Is a directory'), (loop, 'Too many levels of symbolic links')):
        with pytest.raises(ConfigurationError, match=rf'{name}: cannot be read \({reason}\); it must be a file that'):
            config.load(search=[str(name), found])


def test_without_any_file_the_defaults_load_loudly_and_nothing_is_recorded(tmp_path: Path) -> None:
    """H47: lectures would have gone to a public server."""
    settings = config.load(search=[str(tmp_path / 'pyca.conf')], hostname=lambda: 'room')
    assert settings.source == ''
    assert settings.capture == Settings().capture
    assert settings.agent.name == 'pyca@room'
    assert len(settings.warnings) == 1
    assert 'NOTHING WILL BE RECORDED' in settings.warnings[0]
    assert str(tmp_path / 'pyca.conf') in settings.warnings[0]
    assert config.public_demo(settings)


def test_a_file_that_names_no_core_records_nothing() -> None:
    settings = parsed('agent', 'name = a')
    assert config.public_demo(settings)
    assert any('[server] url: is not set. NOTHING WILL BE RECORDED' in warning for warning in settings.warnings)


@pytest.mark.parametrize('host', ['develop', 'stable', 'legacy'])
def test_who_names_a_demonstration_server_is_warned_and_obeyed(host: str) -> None:
    settings = parsed('server', f'url = https://{host}.opencast.org')
    assert not config.public_demo(settings)
    assert any('is a public demonstration server' in warning for warning in settings.warnings)


def test_a_core_of_ones_own_is_recorded_for() -> None:
    settings = parsed('server', 'url = https://opencast.example.org')
    assert not config.public_demo(settings)
    assert not any('demonstration' in warning for warning in settings.warnings)


def test_an_old_file_loads_with_the_meaning_it_had() -> None:
    settings = config.parse(OLD_FILE, 'pyca.conf')
    assert settings.agent.name == 'room-101'
    assert settings.agent.database == 'sqlite:////var/lib/pyca/pyca.db'
    assert settings.capture.command.endswith('-vf "scale=320:240,fps=5" {{dir}}/{{name}}.mp4')
    assert settings.capture.flavors == ('presenter/source', 'presentation/source')
    assert settings.capture.files == ('{{dir}}/{{name}}.mp4', '{{dir}}/{{name}}-screen.mp4')
    assert settings.capture.preview == ('{{previewdir}}/preview.jpg',)
    assert settings.ingest.delete_after_upload is True
    assert settings.ingest.upload_rate == 250_000
    assert settings.server.password == 'pa$word, # and more'
    assert settings.server.auth_method == 'basic'
    assert 'auth_method' not in settings.server.given
    assert settings.ui.password == ''
    assert not any('services' in warning for warning in settings.warnings)


@pytest.mark.parametrize('text', ['', '\n', '# nothing\n', '[agent]\n'])
def test_a_file_without_options_gives_the_defaults(text: str) -> None:
    settings = config.parse(text, 'pyca.conf')
    assert all(getattr(settings, name) == kind() for name, kind in sections().items())


@pytest.mark.parametrize(
    ('line', 'name'),
    [
        ('name = Hörsaal 1', 'Hörsaal 1'),
        ("name = 'a, b'", 'a, b'),
        ('name = "it\'s"', "it's"),
        ('name = plain # a comment', 'plain'),
        ("name = '''two\nlines'''", 'two\nlines'),
        ('name = """with "both" \'kinds\', and a comma"""', 'with "both" \'kinds\', and a comma'),
        ('"name" = quoted key', 'quoted key'),
        ('   name=tight', 'tight'),
        ('name = 5$$', '5$'),
        ('name = $5 or ${x or $', '$5 or ${x or $'),
        ('name =', ''),
    ],
)
def test_texts_are_read_as_ever(line: str, name: str) -> None:
    assert parsed('agent', line).agent.name == name


@pytest.mark.parametrize(
    ('line', 'files'),
    [
        ('files = a', ('a',)),
        ('files = a,', ('a',)),
        ('files = a, b', ('a', 'b')),
        ("files = 'a, b', c", ('a, b', 'c')),
        ('files =', ()),
        ("files = ''", ()),
        ('files = ,', ()),
    ],
)
def test_lists_are_read_as_ever(line: str, files: tuple[str, ...]) -> None:
    flavors = 'flavors = ' + ', '.join(['presenter/source'] * len(files))
    assert parsed('capture', line, flavors).capture.files == files


@pytest.mark.parametrize('word', ['true', 'True', 'YES', 'on', '1'])
def test_words_for_yes(word: str) -> None:
    assert parsed('agent', f'backup_mode = {word}').agent.backup_mode is True


@pytest.mark.parametrize('word', ['false', 'No', 'off', '0'])
def test_words_for_no(word: str) -> None:
    assert parsed('logging', f'stderr = {word}').logging.stderr is False


@pytest.mark.parametrize(
    ('text', 'rate'),
    [('0', 0), ("''", 0), ('500', 500), ('250k', 250_000), ('250K', 250_000), ('2m', 2_000_000), ("'3 M'", 3_000_000)],
)
def test_upload_rates(text: str, rate: int) -> None:
    assert parsed('ingest', f'upload_rate = {text}').ingest.upload_rate == rate


@pytest.mark.parametrize(
    ('lines', 'command'),
    [
        (['directory = /rec', 'command = run $directory'], 'run /rec'),
        (['directory = /rec', 'command = run ${directory}/x'], 'run /rec/x'),
        (['command = run $preview_dir'], 'run ./recordings'),
        (['device = /dev/v', 'directory = $device', 'command = run $directory'], 'run /dev/v'),
        (['directory = a$$b', 'command = run $directory $$HOME'], 'run a$b $HOME'),
    ],
)
def test_a_name_after_a_dollar_stands_for_an_option_of_the_section(lines: list[str], command: str) -> None:
    assert parsed('capture', *lines).capture.command == command


def test_names_in_the_section_default_are_good_everywhere() -> None:
    text = '[DEFAULT]\nbase = /srv\n[capture]\ndirectory = $base/rec\n[logging]\nfile = "$base/log"'
    settings = config.parse(text, 'pyca.conf')
    assert (settings.capture.directory, settings.logging.file) == ('/srv/rec', '/srv/log')
    assert not any('DEFAULT' in warning for warning in settings.warnings)


def test_addresses_of_services() -> None:
    settings = parsed(
        'server',
        'url = https://opencast.example.org/base/',
        '[[service_overrides]]',
        'org.opencastproject.ingest = $url//ingest/',
        "org.opencastproject.scheduler = ''",
    )
    assert settings.server.url == 'https://opencast.example.org/base'
    assert settings.server.service_overrides == {
        'org.opencastproject.ingest': 'https://opencast.example.org/base///ingest'
    }


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / 'pyca.conf'
    path.write_bytes('\ufeff[agent]\r\nname = ä\r\n'.encode())
    assert config.load(str(path)).agent.name == 'ä'


def test_relative_paths_stay_relative_wherever_the_file_is(tmp_path: Path) -> None:
    settings = config.load(written(tmp_path, '[capture]\ndirectory = rec'))
    assert settings.capture.directory == 'rec'


def test_an_agent_without_a_name_is_called_after_its_machine(tmp_path: Path) -> None:
    path = written(tmp_path, "[agent]\nname = ''")
    assert config.load(path, hostname=lambda: 'lecture-hall').agent.name == 'pyca@lecture-hall'


def test_the_environment_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, '[server]\nurl = https://opencast.example.org')
    before = config.load(path, hostname=lambda: 'room')
    for key in ('PYCA_SERVER_URL', 'PYCA_CONFIG', 'url', 'PYCA_CONF'):
        monkeypatch.setenv(key, 'https://elsewhere.example.org')
    assert config.load(path, hostname=lambda: 'room') == before


def test_the_values_in_effect_can_be_shown_without_secrets() -> None:
    text = OLD_FILE.replace('sqlite:////var/lib/pyca/pyca.db', 'postgresql://me:s3cr3t@db/pyca')
    shown = show(config.parse(text, 'pyca.conf'))
    assert 'database = postgresql://me:***@db/pyca\n' in shown
    assert 'name = room-101\n' in shown
    assert 'flavors = presenter/source, presentation/source\n' in shown
    assert 'delete_after_upload = true\n' in shown
    assert 'password = ***\n' in shown
    assert 's3cr3t' not in shown
    assert 'pa$word' not in shown


def test_a_secret_is_not_shown_when_the_settings_are() -> None:
    settings = Settings(server=Server(password='Tr0ub'), ui=Ui(password='Tr0ub2'))
    assert 'Tr0ub' not in repr(settings)


@pytest.mark.parametrize(
    ('lines', 'delays'),
    [('delay_min = 5', (5, 5)), ('delay_max = 5', (0, 5)), ('delay_min = 5\ndelay_max = 9', (5, 9)), ('', (0, 0))],
)
def test_a_shortest_delay_alone_is_the_longest_as_well(lines: str, delays: tuple[int, int]) -> None:
    """H29."""
    ingest = config.parse(f'[ingest]\n{lines}\n', 'pyca.conf').ingest
    assert (ingest.delay_min, ingest.delay_max) == delays
