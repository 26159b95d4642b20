"""The sections within `[inputs]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyca.settings import Capture, Input, Option, Rule
from pyca.values import QUOTE, Inserts, Raw, convert

SECTION = 'inputs'
LISTS = ('flavors', 'files')
LONGEST = 60
"""Characters of a name, which becomes part of a file name."""

_SECRET = re.compile(r'(?i)passw|passphrase|secret|token|^pwd$|api_?key|credential')

Complain = Callable[[str, str], None]
"""Told what is wrong: the place within `[inputs]`, a sentence."""


def label(name: str, key: str = '') -> str:
    """The place of an input, or of one of its keys, as messages name it."""
    return f'[[{name}]] {key}'.rstrip()


def read(raw: Mapping[str, Any], inserts: Callable[[Mapping[str, Any]], Inserts], complain: Complain) -> list[Input]:
    """All inputs in the order of the file; what has a mistake gets none of its value."""
    found: dict[str, Input] = {}
    for title, section in raw.items():
        if not isinstance(section, Mapping):
            continue
        name = title.strip()
        wrong = _wrong_name(name, found)
        if wrong:
            complain(label(name), wrong)
        else:
            found[name] = _input(name, section, inserts(section), complain)
    return list(found.values())


def _wrong_name(name: str, found: Mapping[str, Input]) -> str:
    if name in found:
        return 'is there already; names count without the blanks around them, so give this input another one'
    if name == 'null':
        return 'means "all inputs" where events select some; choose another name'
    if not re.fullmatch(r'[^,=\x00-\x1f\x7f]+', name):
        return 'has a comma, an equals sign or a control character in it; choose a name without'
    return f'has a name of more than {LONGEST} characters; choose a shorter one' if len(name) > LONGEST else ''


def _input(name: str, section: Mapping[str, Any], inserts: Inserts, complain: Complain) -> Input:
    values: dict[str, Any] = {}
    more: dict[str, str] = {}
    for key, raw in section.items():
        try:
            if isinstance(raw, Mapping):
                raise ValueError(f'is a key, not a section; write {key} = and its value')
            filled = _filled(key, raw, inserts)
            if key in LISTS:
                values[key] = convert(filled, Option(SECTION, key, (), Rule()))
            elif key == 'command':
                values[key] = convert(filled, Option(SECTION, key, '', Rule()))
            else:
                more[key] = _posted(key, filled)
        except ValueError as error:
            complain(label(name, key), str(error))
    return Input(name, more=more, **values)


def _filled(key: str, raw: Raw, inserts: Inserts) -> Raw:
    if key == 'command' and isinstance(raw, list):
        raise ValueError(f'was read as a list because of a comma; {QUOTE}')
    return inserts.fill(raw)


def _posted(key: str, value: Raw) -> str:
    """What the core is told as it is; everybody who schedules an event can read it there."""
    if _SECRET.search(key):
        raise ValueError('looks like a secret, and is posted to the core for all to see; write it into a command only')
    text = value if isinstance(value, str) else ','.join(value)
    if '\n' in text or '\r' in text:
        raise ValueError('has a line break in it, which the core does not give back; write it on one line')
    return text


def mistakes(capture: Capture, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What does not fit together. `given`: `[capture]` as it stands in the file."""
    for each in capture.inputs:
        if each.command and not each.files:
            text = 'has a command and no files; write the files that the command writes, with their flavors'
            yield SECTION, label(each.name, 'files'), text
    if any(each.files for each in capture.inputs):
        for key in LISTS:
            if key in given:
                text = 'does nothing beside the files of [inputs]; move its entries to the inputs that they show'
                yield 'capture', key, text


def idle_command(capture: Capture, given: Mapping[str, Any]) -> bool:
    """Whether the file has a common command that nothing is recorded by."""
    owners = [each for each in capture.inputs if each.files]
    return 'command' in given and bool(owners) and all(each.command for each in owners)
