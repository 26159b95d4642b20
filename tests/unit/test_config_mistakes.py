"""Files that cannot be used: each mistake is named with file, key, cause and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca import config
from pyca.errors import ConfigurationError

NUMBER = 'is no whole number; write a whole number from'
LIST = 'was read as a list because of a comma; put the whole value in quotes'
CASES = [
    ('agent', 'update_frequency = often', 'update_frequency', f"'often' {NUMBER} 5 on, such as 60"),
    ('agent', 'update_frequency = 4', 'update_frequency', "'4' is too small; write a whole number from 5 on"),
    ('agent', 'update_frequency = 10, 20', 'update_frequency', LIST),
    ('agent', 'cal_lookahead = -1', 'cal_lookahead', "'-1' is too small; write a whole number from 0 on"),
    ('agent', 'cal_lookahead = 1.5', 'cal_lookahead', f"'1.5' {NUMBER} 0 on"),
    ('agent', 'backup_mode = maybe', 'backup_mode', "'maybe' is neither yes nor no; write true or false"),
    ('agent', 'name = Hall 1, left', 'name', LIST),
    ('agent', 'database = pyca.db', 'database', 'is no database URL; write one such as sqlite:///pyca.db'),
    ('agent', '[[name]]', 'name', 'is a key, not a section; write name = '),
    ('capture', 'command = ffmpeg -vf scale=1,fps=2 x', 'command', LIST),
    ('capture', "command = '''run \"x'''", 'command', 'close every quote that is opened'),
    ('capture', "command = ''", 'command', 'is empty, so nothing could be recorded; write the command'),
    ('capture', 'files = a, b', 'files', 'number of files: 2, of flavors: 1; write one flavor for each file'),
    ('capture', 'flavors = a/b, c/d', 'files', 'number of files: 1, of flavors: 2; write one flavor for each file'),
    ('capture', 'flavors = presenter', 'flavors', "'presenter' is no flavor; write type/subtype"),
    ('capture', 'flavors = a/b/c', 'flavors', "'a/b/c' is no flavor; write type/subtype"),
    ('capture', 'flavors = a/*', 'flavors', "'a/*' is no flavor; write type/subtype"),
    (
        'capture',
        'flavors = a/b, a/c\nfiles = {{dir}}/x.mkv, {{dir}}/y/../x.mkv',
        'files',
        "'{{dir}}/x.mkv' and '{{dir}}/y/../x.mkv' are one file; write another path for each track",
    ),
    ('capture', "flavors = a/b, a/c\nfiles = x, ''", 'files', "'' is no file; write a path such as"),
    ('capture', 'sigcustom = 0', 'sigcustom', "'0' is too small; write a whole number from 1 on, such as 2"),
    ('capture', 'sigcustom = 99', 'sigcustom', "'99' is no signal of this system; write a number such as 2"),
    ('capture', 'sigkill_time = -2', 'sigkill_time', "'-2' is too small; write a whole number from -1 on"),
    ('capture', 'exit_code = 256', 'exit_code', "'256' is too large; write a whole number from 0 to 255"),
    ('capture', 'overlap = both', 'overlap', "'both' is not known; write first, last or parallel"),
    ('capture', 'command = run $HOME', 'command', "'$HOME' stands for the option 'HOME' of the same section, which is"),
    ('capture', 'command = run $HOME', 'command', 'unknown; a dollar sign itself is written $$'),
    (
        'capture',
        'files = a, b\nflavors = a/b, c/d\ncommand = x $files',
        'command',
        "'files' of the same section, which is a",
    ),
    ('capture', 'command = $command', 'command', "'$command' leads back to itself; write the value out"),
    (
        'ingest',
        'delay_min = 5\ndelay_max = 0',
        'delay_min',
        "'5' is more than delay_max, which is 0; set delay_max to 5 or more",
    ),
    ('ingest', 'method = both', 'method', "'both' is not known; write multi, single or zip"),
    ('ingest', 'hours = 22:00-06:00, 9-17', 'hours', "'9-17' is no span of a day; write one such as 22:00-06:00"),
    ('ingest', 'hours = 22:00-25:00', 'hours', "'22:00-25:00' is no span of a day"),
    ('ingest', 'hours = 06:00-06:00', 'hours', "'06:00-06:00' begins when it ends; leave it out for the whole day"),
    ('capture', 'attachments = a', 'attachment_flavors', 'number of attachments: 1, of flavors: 0; write one flavor'),
    (
        'capture',
        'attachments = a\nattachment_flavors = pdf',
        'attachment_flavors',
        "'pdf' is no flavor; write type/subtype",
    ),
    (
        'ingest',
        'method = single\n[capture]\nattachments = a\nattachment_flavors = a/b',
        'method',
        "'single' takes no attachments; write multi or zip",
    ),
    (
        'ingest',
        'upload_rate = 2g',
        'upload_rate',
        "'2g' is no number of bytes per second; write a whole number, with k",
    ),
    ('ingest', 'upload_rate = 1.5m', 'upload_rate', "'1.5m' is no number of bytes per second"),
    ('ingest', 'upload_rate = -1', 'upload_rate', "'-1' is no number of bytes per second"),
    (
        'server',
        'url = opencast.example.org',
        'url',
        "'opencast.example.org' is no web address; write one such as https://",
    ),
    ('server', "url = ''", 'url', "'' is no web address; write one such as https://opencast.example.org"),
    ('server', 'url = https://', 'url', 'is no web address'),
    ('server', 'url = https://[::1', 'url', 'is no web address'),
    ('server', 'url = https://a:port', 'url', 'is no web address'),
    ('server', "url = 'https://a b'", 'url', 'is no web address'),
    (
        'server',
        'url = https://a.example.org/?x=1',
        'url',
        'has a query or a fragment; end it after the host or the path',
    ),
    ('server', 'auth_method = Basic', 'auth_method', "'Basic' is not known; write basic or digest"),
    (
        'server',
        'certificate = /nowhere/ca.pem',
        'certificate',
        "'/nowhere/ca.pem' cannot be read (No such file or directory)",
    ),
    (
        'server',
        'service_overrides = x',
        'service_overrides',
        'is a section within [server]; write [[service_overrides]]',
    ),
    (
        'server',
        '[[service_overrides]]\norg.opencastproject.ingest = ingest.example.org',
        '[[service_overrides]] org.opencastproject.ingest',
        "'ingest.example.org' is no web address; write the whole address, such as https://",
    ),
    (
        'server',
        '[[service_overrides]]\norg.opencastproject.ingest = $address/ingest',
        '[[service_overrides]] org.opencastproject.ingest',
        "'$address' stands for the option 'address'",
    ),
    ('ui', 'refresh_rate = 0', 'refresh_rate', "'0' is too small; write a whole number from 1 on, such as 10"),
    ('logging', 'level = INFO', 'level', "'INFO' is not known; write debug, info, warning or error"),
    ('logging', 'format = plain', 'format', "'plain' is no format of Python logging"),
    ('logging', "format = '%(nonsense)s'", 'format', "'%(nonsense)s' is no format of Python logging"),
    ('logging', "format = '%(message)d'", 'format', "'%(message)d' is no format of Python logging"),
    ('http', 'timeout = 5 min', 'timeout', f"'5 min' {NUMBER} 0 on, such as 300"),
    # what cannot be read at all
    ('agent', 'name = a\nname = b', 'name', 'line 3: is set already; remove one of the two lines'),
    ('agent', 'just words', '', 'line 2: neither [section] nor key = value; begin a comment with #'),
    ('agent', 'name = "a', 'name', 'line 2: the value cannot be read; close every quote'),
    ('agent', "name = '''a\nb", 'name', "line 2: ''' is not closed properly; write it behind the value too"),
    ('agent', '[agent]', '', 'line 2: this section is there already; move its lines to the first one'),
]


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        config.parse(text, 'etc/pyca.conf')
    return str(caught.value).splitlines()


@pytest.mark.parametrize(('section', 'lines', 'key', 'said'), CASES)
def test_a_mistake_is_named_with_place_cause_and_remedy(section: str, lines: str, key: str, said: str) -> None:
    """H48: a comma without quotes gave an error that nobody could read."""
    found = mistakes(f'[{section}]\n{lines}')
    assert any(said in line for line in found), found
    place = f'etc/pyca.conf: [{section}] {key}: '.replace(' : ', ': ')
    assert [line for line in found if line.startswith(place)], found


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('agent = x', '[agent]: is the name of a section; write [agent], and its keys below'),
        ('[server\nurl = x', '[server]: line 1: this section header cannot be read; write [name]'),
        ('[server]]', '[server]: line 1: this section header cannot be read'),
        ('[[service_overrides]]', '[service_overrides]: line 1: this section header cannot be read'),
        ('[agent]\nname = \0', 'has zero bytes in it; it must be a text file'),
    ],
)
def test_a_broken_outline_is_a_mistake(text: str, said: str) -> None:
    assert any(line.startswith(f'etc/pyca.conf: {said}') for line in mistakes(text))


def test_a_misspelt_key_is_named_beside_the_mistakes() -> None:
    found = mistakes('[server]\nadress = https://opencast.example.org\nauth_method = ntlm')
    assert any('adress' in line and 'does nothing' in line for line in found)


def test_all_mistakes_of_a_file_are_reported_at_once_and_no_others() -> None:
    found = mistakes(
        """
        [agent]
        update_frequency = 1
        name = a
        name = b
        [server
        auth_method = ntlm
        [capture]
        command = a, b
        files = "x
        flavors = a/b, c/d
        [ingest]
        delay_min = soon
        [capture]
        exit_code = -1
        [ui]
        url = here
        """
    )
    assert sorted(line.split(': ', 2)[1] for line in found) == [
        '[agent] name',
        '[agent] update_frequency',
        '[capture]',
        '[capture] command',
        '[capture] exit_code',
        '[capture] files',
        '[ingest] delay_min',
        '[server]',
        '[server] auth_method',
    ]


@pytest.mark.parametrize(
    'lines',
    [
        "[server]\npassword = 'Tr0ub, dor' x\nurl = x",
        '[server]\npassword = Tr0ub, dor\nurl = x',
        '[server]\npassword = Tr0ub$dor',
        '[server]\npassword = Tr0ub\npassword = Tr0ub2',
        '[server]\npassword Tr0ub',
        '[server]\npassword = Tr0ub\nusername = $password\nauth_method = $password',
        '[server]\nurl = https://me:Tr0ub@opencast.example.org',
        '[server]\n[[service_overrides]]\norg.opencastproject.ingest = https://me:Tr0ub@opencast.example.org',
        '[agent]\ndatabase = //me:Tr0ub@host/pyca',
        '[agent]\ndatabase = postgresql://me:Tr0ub@host/pyca\n[capture]\nexit_code = Tr0ub',
        '[ui]\npassword = "Tr0ub',
    ],
)
def test_no_message_has_a_password_in_it(lines: str) -> None:
    found = mistakes(lines)
    assert found
    assert not [line for line in found if 'Tr0ub' in line or 'dor' in line.split('such as')[0]]


def test_an_unknown_name_in_a_password_is_explained_without_showing_it() -> None:
    """H48: a dollar in a password broke the loading."""
    (found,) = mistakes('[server]\nurl = https://opencast.example.org\npassword = pa$word')
    assert found == (
        'etc/pyca.conf: [server] password: the value (not shown) has a $ before a name that is no option here;'
        ' a dollar sign itself is written $$'
    )


def test_bytes_that_are_no_utf_8_are_a_mistake_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / 'pyca.conf'
    path.write_bytes(b'[agent]\nname = H\xf6rsaal\n')
    with pytest.raises(ConfigurationError, match=r'line 2: these bytes are not UTF-8; save the file in this encoding'):
        config.load(str(path))


def test_a_certificate_that_can_be_read_is_taken(tmp_path: Path) -> None:
    path = tmp_path / 'ca.pem'
    path.write_text('-----BEGIN CERTIFICATE-----\n')
    text = f'[server]\nurl = https://opencast.example.org\ncertificate = {path}'
    assert config.parse(text, 'pyca.conf').server.certificate == str(path)
