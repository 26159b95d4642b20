"""Reads `pyca.conf` into `Settings`.

Whatever is wrong with a file is reported at once, as one `ConfigurationError`; what is merely odd goes into
`Settings.warnings`.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import configobj

from pyca.config.hints import NO_CORE
from pyca.config.reader import MARK, Reader
from pyca.errors import ConfigurationError, Mistake
from pyca.masking import Redaction
from pyca.settings import Settings, sections

SEARCH = ('./etc/pyca.conf', '/etc/pyca/pyca.conf')

_NO_HEADER = 'this section header cannot be read; write [name], or [[name]] within [server] or [inputs]'
_KEY = re.compile(r'\s*([\w.-]+)\s*=\s*(.*)')
_HEADER = re.compile(r'\s*\[[\s\[]*(.*?)[\s\]]*(?:#.*)?')


def load(
    explicit: str | None = None,
    *,
    search: Sequence[str] = SEARCH,
    hostname: Callable[[], str] = socket.gethostname,
) -> Settings:
    """The settings of the explicit file, else of the first of `search` that exists, else the defaults.

    A missing file never passes for another one: `explicit` must exist, and one that exists must be readable.
    """
    source = find(explicit, search)
    if source is None:
        settings = Settings(warnings=(f'There is no configuration file, neither {" nor ".join(search)}. {NO_CORE}',))
    else:
        settings = parse(_read(source), source)
    name = settings.agent.name or f'pyca@{hostname()}'
    return replace(settings, agent=replace(settings.agent, name=name))


def find(explicit: str | None, search: Sequence[str] = SEARCH) -> str | None:
    """The file to read. A file that is there without being readable is found, so that reading it says why."""
    for name in search if explicit is None else [explicit]:
        try:
            os.stat(name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return name
        return name
    if explicit is not None:
        raise ConfigurationError([Mistake(explicit, '', '', 'does not exist; give the path of a configuration file')])
    return None


def parse(text: str, source: str) -> Settings:
    """The settings in the text of a file, the agent's name left as it stands there."""
    if '\0' in text:
        raise ConfigurationError([Mistake(source, '', '', 'has zero bytes in it; it must be a text file')])
    tree, unparsed = _tree(text.removeprefix('\ufeff').split('\n'), source)
    reader = Reader(source, text, unparsed)
    settings = reader.settings(tree)
    hide = Redaction.of(settings)
    if reader.mistakes:
        # What is merely odd is shown as well: a misspelt key may be why another one is wrong.
        everything = [*reader.mistakes, *reader.warnings]
        raise ConfigurationError([replace(mistake, text=hide(mistake.text)) for mistake in everything])
    return replace(settings, warnings=tuple(hide(str(warning)) for warning in reader.warnings))


def _read(source: str) -> str:
    try:
        with open(source, 'rb') as file:
            content = file.read()
    except OSError as error:
        text = f'cannot be read ({error.strerror}); it must be a file that the user of this program may read'
        raise ConfigurationError([Mistake(source, '', '', text)]) from error
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        text = f'line {line}: these bytes are not UTF-8; save the file in this encoding'
        raise ConfigurationError([Mistake(source, '', '', text)]) from error


def _tree(lines: list[str], source: str) -> tuple[Any, list[Mistake]]:
    """The sections and keys as texts, as far as they can be read.

    A header that cannot be read is replaced by one that can (`MARK`, line, name), and the file is read again:
    otherwise its keys would pass for those of the section before it.
    """
    found: dict[int, Mistake] = {}
    while True:
        try:
            tree, errors = configobj.ConfigObj(lines, interpolation=False, list_values=True), []
        except configobj.ConfigObjError as error:
            tree, errors = error.config, error.errors
        headers = [each for each in errors if lines[each.line_number - 1].lstrip().startswith('[')]
        for each in headers or errors:
            found[each.line_number] = _unparsed(lines, each, source)
        if not headers:
            return tree, [found[number] for number in sorted(found)]
        for each in headers:
            name = found[each.line_number].section
            lines[each.line_number - 1] = f'[{MARK}{each.line_number} {name if name in sections() else ""}]'


def _unparsed(lines: list[str], error: Any, source: str) -> Mistake:
    """The line itself is not shown: it may have a password in it."""
    number, line = error.line_number, lines[error.line_number - 1]
    twice = isinstance(error, configobj.DuplicateError)
    if line.lstrip().startswith('['):
        header = _HEADER.fullmatch(line.rstrip('\r'))
        text = 'this section is there already; move its lines to the first one' if twice else _NO_HEADER
        return Mistake(source, header.group(1) if header else '', '', f'line {number}: {text}')
    key = _KEY.fullmatch(line.rstrip('\r'))
    if not key:
        text = 'neither [section] nor key = value; begin a comment with #'
    elif twice:
        text = 'is set already; remove one of the two lines'
    elif key.group(2).startswith(("'''", '"""')):
        text = f'{key.group(2)[:3]} is not closed properly; write it behind the value too'
    else:
        text = "the value cannot be read; close every quote, and put a value with commas and quotes between '''"
    return Mistake(source, _section_of(lines, number), key.group(1) if key else '', f'line {number}: {text}')


def _section_of(lines: list[str], number: int) -> str:
    """The section that a line belongs to, by the nearest header above."""
    headers = (_HEADER.fullmatch(line.rstrip('\r')) for line in reversed(lines[:number]))
    name = next((header.group(1) for header in headers if header), '')
    return name.split(' ', 1)[-1] if name.startswith(MARK) else name
