"""What in a configuration is likely not meant, but stops nothing."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from pyca.config.checks import Finding, web_address
from pyca.config.ffmpeg import ffmpeg_hints
from pyca.config.inputs import label
from pyca.masking import masked_url
from pyca.settings import Settings

DEMO_HOSTS = frozenset(f'{name}.opencast.org' for name in ('develop', 'stable', 'legacy'))
NO_CORE = (
    'NOTHING WILL BE RECORDED: no Opencast is configured, only a public demonstration server is left.'
    ' Set url, username and password in section [server].'
)
PLACEHOLDERS = {
    'command': ('time', 'dir', 'name', 'previewdir', 'inputs'),
    'files': ('dir', 'name'),
    'preview': ('previewdir',),
}
_BRACES = re.compile(r'\{\{(.*?)\}\}')
_PERCENT = re.compile(r'%\((?:time|dir|name|previewdir)\)s')


def hints(settings: Settings) -> Iterator[Finding]:
    for check in _CHECKS:
        yield from check(settings)


def public_demo(settings: Settings) -> bool:
    """Whether nobody chose a core, so that the default, a public demonstration server, is left.

    The agent must not record then: lectures would go where everybody can see them. Who names such a server in the
    file gets a warning and is obeyed.
    """
    return 'url' not in settings.server.given and _host(settings.server.url) in DEMO_HOSTS


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or '').rstrip('.')
    except ValueError:
        return ''


def _odd_placeholders(settings: Settings) -> Iterator[Finding]:
    capture = settings.capture
    yield from _odd('capture', 'command', 'command', (capture.command,))
    yield from _odd('capture', 'files', 'files', capture.files)
    yield from _odd('capture', 'preview', 'preview', capture.preview)
    for each in capture.inputs:
        yield from _odd('inputs', label(each.name, 'command'), 'command', (each.command,))
        yield from _odd('inputs', label(each.name, 'files'), 'files', each.files)


def _odd(section: str, key: str, kind: str, texts: Sequence[str]) -> Iterator[Finding]:
    allowed = PLACEHOLDERS[kind]
    for name in dict.fromkeys(name for text in texts for name in _BRACES.findall(text) if name not in allowed):
        known = ' '.join(f'{{{{{word}}}}}' for word in allowed)
        yield section, key, f'{{{{{name}}}}} is no placeholder here and stays as it is; known are {known}'
    for old in dict.fromkeys(match for text in texts for match in _PERCENT.findall(text)):
        yield section, key, f'{old} is not replaced by anything; write {{{{{old[2:-2]}}}}}'


def _same_file_each_time(settings: Settings) -> Iterator[Finding]:
    capture = settings.capture
    files = [('capture', 'files', file) for file in capture.files]
    files += [('inputs', label(each.name, 'files'), file) for each in capture.inputs for file in each.files]
    for section, key, file in files:
        if '{{dir}}' not in file and '{{name}}' not in file:
            yield section, key, f'{file!r} is the same for every recording; write {{{{dir}}}}/ before it'


def _order_of_signals(settings: Settings) -> Iterator[Finding]:
    term, kill = settings.capture.sigterm_time, settings.capture.sigkill_time
    if 0 <= kill < term:
        yield 'capture', 'sigkill_time', f"'{kill}' is before sigterm_time, which is {term}; KILL waits for TERM"


def _core(settings: Settings) -> Iterator[Finding]:
    server = settings.server
    if public_demo(settings):
        yield 'server', 'url', f'is not set. {NO_CORE}'
    elif _host(server.url) in DEMO_HOSTS:
        yield 'server', 'url', f'{server.url!r} is a public demonstration server; everybody sees what is sent there'
    elif (server.username, server.password) == ('admin', 'opencast'):
        yield (
            'server',
            'password',
            'is the login that everybody knows (admin, opencast); give the agent its own account',
        )
    if server.username == 'opencast_system_account' and server.auth_method != 'digest':
        yield 'server', 'auth_method', 'opencast_system_account can log in by digest only; write auth_method = digest'


def _insecure(settings: Settings) -> Iterator[Finding]:
    if settings.server.insecure:
        text = 'is on: anybody on the way to the core can read the password'
        yield 'server', 'insecure', f'{text}. Set certificate to the CA file of the core instead'


def _ui_login(settings: Settings) -> Iterator[Finding]:
    ui = settings.ui
    if not ui.password:
        yield 'ui', 'password', 'is empty, so whoever reaches the page may delete recordings; set one'
    elif ui.default_login and ui.allow_default_login:
        yield 'ui', 'password', 'is the login that everybody knows (admin, opencast); choose another password'
    elif ui.default_login:
        text = 'is the login that everybody knows (admin, opencast); choose another password with "pyca password"'
        yield 'ui', 'password', f'{text}, until then the page answers to this machine only'
    if ui.viewer_password and ui.viewer_password == ui.password:
        yield 'ui', 'viewer_password', 'is the same as password, so that who may only look can guess the other'


def _own_address(settings: Settings) -> Iterator[Finding]:
    url = settings.ui.url
    wrong = web_address(url) if url else ''
    if wrong:
        yield 'ui', 'url', f'{masked_url(url)!r} {wrong}; write one such as http://room1.example.org:8000'


def _reachable(settings: Settings) -> Iterator[Finding]:
    host = _host(settings.ui.url)
    try:
        local = ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        local = host == 'localhost' or host.endswith('.localhost')
    if local and not settings.agent.backup_mode:
        text = f'{settings.ui.url!r} is what Opencast shows as address of this agent, and leads nowhere from another'
        yield 'ui', 'url', f'{text} machine; write the name of this one, or leave the value empty'


def _log_folder(settings: Settings) -> Iterator[Finding]:
    file = settings.logging.file
    if file and not os.path.isdir(os.path.dirname(file) or '.'):
        yield 'logging', 'file', f'the folder of {file!r} does not exist; nothing is logged there until it does'


def _backup(settings: Settings) -> Iterator[Finding]:
    if settings.agent.backup_copy != 'keep' and not settings.agent.backup_mode:
        yield 'agent', 'backup_copy', 'is for an agent with backup_mode = true; this one uploads all it records'


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _odd_placeholders,
    _same_file_each_time,
    ffmpeg_hints,
    _order_of_signals,
    _core,
    _insecure,
    _ui_login,
    _own_address,
    _reachable,
    _log_folder,
    _backup,
)
