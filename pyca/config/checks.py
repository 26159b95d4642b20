"""What makes a configuration unusable, beyond the type of each value."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pyca.config.inputs import label
from pyca.hours import Hours
from pyca.masking import masked_url
from pyca.passwords import is_broken
from pyca.settings import Settings
from pyca.values import listening

Finding = tuple[str, str, str]
"""Section, key, sentence."""

_FLAVOR = re.compile(r'[^\s/*]+/[^\s/*]+')
_DATABASE = re.compile(r'[a-z][\w+]*://.*', re.DOTALL)


def mistakes(settings: Settings, unread: Collection[tuple[str, str]]) -> Iterator[Finding]:
    """Everything that makes the configuration unusable.

    Checks that look at an option of `unread` (section and key) are left out: its value in `settings` is a default.
    """
    for keys, check in _CHECKS:
        if not any((section, key) in unread for section, key in keys):
            yield from check(settings)


def _timezone(settings: Settings) -> Iterator[Finding]:
    name = settings.agent.timezone
    try:
        if name:
            ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        yield 'agent', 'timezone', f'{name!r} is no time zone of this machine; write one such as Europe/Berlin'


def _command(settings: Settings) -> Iterator[Finding]:
    yield from _runnable('capture', 'command', settings.capture.command)
    for each in settings.capture.inputs:
        if each.command:
            yield from _runnable('inputs', label(each.name, 'command'), each.command)


def _runnable(section: str, key: str, command: str) -> Iterator[Finding]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        yield section, key, f'cannot be split into words ({error}); close every quote that is opened'
    else:
        if not words:
            yield section, key, 'is empty, so nothing could be recorded; write the command that records'


def _signal(settings: Settings) -> Iterator[Finding]:
    number = settings.capture.sigcustom
    if number not in signal.valid_signals():
        yield 'capture', 'sigcustom', f"'{number}' is no signal of this system; write a number such as 2 for INT"


class _Tracks(NamedTuple):
    """Files with their flavors, and where they stand."""

    section: str
    name: str
    files: tuple[str, ...]
    flavors: tuple[str, ...]

    def key(self, key: str) -> str:
        return label(self.name, key) if self.name else key


def _tracks(settings: Settings) -> Iterator[_Tracks]:
    capture = settings.capture
    if not any(each.files for each in capture.inputs):
        yield _Tracks('capture', '', capture.files, capture.flavors)
    for each in capture.inputs:
        yield _Tracks('inputs', each.name, each.files, each.flavors)


def _as_many_files(settings: Settings) -> Iterator[Finding]:
    for tracks in _tracks(settings):
        files, flavors = len(tracks.files), len(tracks.flavors)
        if files != flavors:
            text = f'number of files: {files}, of flavors: {flavors}; write one flavor for each file, in the same order'
            yield tracks.section, tracks.key('files'), text


def _flavors(settings: Settings) -> Iterator[Finding]:
    for tracks in _tracks(settings):
        for flavor in tracks.flavors:
            if not _FLAVOR.fullmatch(flavor):
                text = f'{flavor!r} is no flavor; write type/subtype, such as presenter/source'
                yield tracks.section, tracks.key('flavors'), text


def _different_files(settings: Settings) -> Iterator[Finding]:
    folder = os.path.join(settings.capture.directory, 'recording')
    seen: dict[str, str] = {}
    for tracks, file in ((each, file) for each in _tracks(settings) for file in each.files):
        if not file.strip():
            text = "'' is no file; write a path such as {{dir}}/{{name}}.mkv"
            yield tracks.section, tracks.key('files'), text
            continue
        path = os.path.abspath(file.replace('{{dir}}', folder).replace('{{name}}', 'recording'))
        if path in seen:
            text = f'{seen[path]!r} and {file!r} are one file; write another path for each track'
            yield tracks.section, tracks.key('files'), text
        seen[path] = file


def _delays(settings: Settings) -> Iterator[Finding]:
    least, most = settings.ingest.delay_min, settings.ingest.delay_max
    if least > most:
        text = f"'{least}' is more than delay_max, which is {most}; set delay_max to {least} or more"
        yield 'ingest', 'delay_min', text


def _hours(settings: Settings) -> Iterator[Finding]:
    try:
        Hours.of(settings.ingest.hours)
    except ValueError as error:
        yield 'ingest', 'hours', str(error)


def _attachments(settings: Settings) -> Iterator[Finding]:
    files, flavors = settings.capture.attachments, settings.capture.attachment_flavors
    if len(files) != len(flavors):
        text = f'number of attachments: {len(files)}, of flavors: {len(flavors)}; write one flavor for each, in order'
        yield 'capture', 'attachment_flavors', text
    for flavor in flavors:
        if not _FLAVOR.fullmatch(flavor):
            yield 'capture', 'attachment_flavors', f'{flavor!r} is no flavor; write type/subtype, as in text/notes'
    if files and settings.ingest.method == 'single':
        yield 'ingest', 'method', "'single' takes no attachments; write multi or zip, or leave attachments empty"


def web_address(url: str) -> str:
    """What is wrong with an address of a web server; empty when nothing is."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ('http', 'https') and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return 'is no web address'
    if not good or re.search(r'[\s\x00-\x1f]', url):
        return 'is no web address'
    return 'has a login in it' if '@' in parts.netloc else ''


def _core(settings: Settings) -> Iterator[Finding]:
    url = settings.server.url
    wrong = web_address(url)
    if wrong == 'has a login in it':
        yield 'server', 'url', f'{masked_url(url)!r} {wrong}; write the login into username and password'
    elif wrong:
        yield 'server', 'url', f'{masked_url(url)!r} {wrong}; write one such as https://opencast.example.org'
    elif '?' in url or '#' in url:
        yield 'server', 'url', f'{masked_url(url)!r} has a query or a fragment; end it after the host or the path'


def _overrides(settings: Settings) -> Iterator[Finding]:
    for service, url in settings.server.service_overrides.items():
        wrong = web_address(url) or ('has a query or a fragment' if '?' in url or '#' in url else '')
        if wrong:
            text = f'{masked_url(url)!r} {wrong}; write the whole address, such as https://opencast.example.org/ingest'
            yield 'server', f'[[service_overrides]] {service}', text


def _certificate(settings: Settings) -> Iterator[Finding]:
    name = settings.server.certificate
    if not name:
        return
    try:
        with open(name, 'rb') as file:
            file.read(1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else 'no file name'
        text = f'{name!r} cannot be read ({reason}); write the path of a PEM file that this user may read'
        yield 'server', 'certificate', text


def _database(settings: Settings) -> Iterator[Finding]:
    if not _DATABASE.match(settings.agent.database):
        yield 'agent', 'database', 'the value (not shown) is no database URL; write one such as sqlite:///pyca.db'


def _page_login(settings: Settings) -> Iterator[Finding]:
    for key in ('password', 'viewer_password'):
        if is_broken(getattr(settings.ui, key)):
            yield 'ui', key, 'the value (not shown) is part of what "pyca password" prints; copy the whole line'


def _bind(settings: Settings) -> Iterator[Finding]:
    try:
        listening(settings.ui.bind)
    except ValueError as error:
        yield 'ui', 'bind', str(error)


def _format(settings: Settings) -> Iterator[Finding]:
    layout = settings.logging.format
    try:
        record = logging.LogRecord('name', logging.INFO, '/path', 1, 'message', (), None, 'function')
        logging.Formatter(layout).format(record)
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        text = f'{layout!r} is no format of Python logging ({error}); write one such as %(levelname)s %(message)s'
        yield 'logging', 'format', text


_CHECKS: tuple[tuple[tuple[tuple[str, str], ...], Callable[[Settings], Iterator[Finding]]], ...] = (
    ((('agent', 'database'),), _database),
    ((('agent', 'timezone'),), _timezone),
    ((('capture', 'command'),), _command),
    ((('capture', 'files'), ('capture', 'flavors')), _as_many_files),
    ((('capture', 'flavors'),), _flavors),
    ((('capture', 'files'), ('capture', 'directory')), _different_files),
    ((('capture', 'sigcustom'),), _signal),
    ((('ingest', 'delay_min'), ('ingest', 'delay_max')), _delays),
    ((('ingest', 'hours'),), _hours),
    ((('capture', 'attachments'), ('capture', 'attachment_flavors'), ('ingest', 'method')), _attachments),
    ((('server', 'url'),), _core),
    ((('server', 'certificate'),), _certificate),
    ((), _overrides),
    ((), _page_login),
    ((('ui', 'bind'),), _bind),
    ((('logging', 'format'),), _format),
)
