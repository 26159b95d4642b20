"""Texts of a configuration file turned into the values of options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pyca.masking import MASK, masked_url, without_logins
from pyca.settings import Input, Option, Rule, Settings, options, sections

Raw = str | list[str]
"""What stands in a file: one text, or several when there are commas outside of quotes."""

BOOLEANS = {
    **dict.fromkeys(('true', 'yes', 'on', '1'), True),
    **dict.fromkeys(('false', 'no', 'off', '0'), False),
}
QUOTE = "put the whole value in quotes (in ''' if there are quotes in it)"
HIDDEN = 'the value (not shown)'

_RATE = re.compile(r'\s*([0-9]+)\s*([kKmM]?)\s*')
_FACTOR = {'': 1, 'k': 1_000, 'm': 1_000_000}
_INSERT = re.compile(r'\$(?:(?P<dollar>\$)|(?P<name>[_a-z][_a-z0-9]*)|\{(?P<braced>[^}]*)\})', re.IGNORECASE)
_LISTEN = re.compile(r'(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[\w.-]+)):(?P<port>[0-9]{1,5})')
_DEEPEST = 50


def shown(value: Raw, rule: Rule) -> str:
    """A value as a message quotes it: short, on one line, without secrets."""
    if rule.secret:
        return HIDDEN
    text = masked_url(value if isinstance(value, str) else ', '.join(value))
    return repr(text if len(text) <= 60 else f'{text[:57]}...')


def convert(raw: Raw, option: Option) -> Any:
    """The value of an option; ValueError says what is wrong with it, what is allowed, what to do."""
    if isinstance(option.default, tuple):
        entries = [raw] if isinstance(raw, str) else raw
        return () if entries == [''] else tuple(entries)
    value = shown(raw, option.rule)
    if isinstance(raw, list):
        raise ValueError(f'{value} was read as a list because of a comma; {QUOTE}')
    if isinstance(option.default, bool):
        return _boolean(raw, value)
    if isinstance(option.default, int):
        return _rate(raw, value) if option.rule.rate else _number(raw, value, option)
    if option.rule.choices and raw not in option.rule.choices:
        raise ValueError(f'{value} is not known; write {_either(option.rule.choices)}')
    return raw


def as_text(value: Any) -> Raw:
    """A value as it would be written into a file: the reverse of `convert`."""
    if isinstance(value, tuple):
        return list(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def listening(text: str) -> tuple[str, int]:
    """Host with port to listen on; ValueError says what to write instead. Port 0 takes any free one."""
    match = _LISTEN.fullmatch(text)
    if not match or int(match.group('port')) > 65535:
        raise ValueError(f'{text!r} is no host:port; write one such as 127.0.0.1:5000, [::1]:5000 or 0.0.0.0:5000')
    return match.group('six') or match.group('host'), int(match.group('port'))


def _boolean(raw: str, value: str) -> bool:
    if raw.lower() not in BOOLEANS:
        raise ValueError(f'{value} is neither yes nor no; write true or false')
    return BOOLEANS[raw.lower()]


def _rate(raw: str, value: str) -> int:
    match = _RATE.fullmatch(raw or '0')
    if not match or len(match.group(1)) > 18:
        raise ValueError(
            f'{value} is no number of bytes per second; write a whole number, with k for thousands or m for millions'
            ' if you like, such as 250k, or 0 for no limit'
        )
    return int(match.group(1)) * _FACTOR[match.group(2).lower()]


def _number(raw: str, value: str, option: Option) -> int:
    least, most = option.rule.minimum, option.rule.maximum
    allowed = 'any whole number' if least is None else f'a whole number from {least} on'
    if least is not None and most is not None:
        allowed = f'a whole number from {least} to {most}'
    advice = f'write {allowed}, such as {option.default}'
    try:
        number = int(raw)
    except ValueError:
        raise ValueError(f'{value} is no whole number; {advice}') from None
    if least is not None and number < least:
        raise ValueError(f'{value} is too small; {advice}')
    if most is not None and number > most:
        raise ValueError(f'{value} is too large; {advice}')
    return number


def _either(words: tuple[str, ...]) -> str:
    return f'{", ".join(words[:-1])} or {words[-1]}'


class Inserts:
    """Replaces `$name` or `${name}` by the value of another option, `$$` by a dollar."""

    def __init__(self, *scopes: Mapping[str, Any]) -> None:
        """Names are looked up in the scopes from the first to the last."""
        self._scopes = scopes

    def fill(self, raw: Raw) -> Raw:
        """ValueError says which name is unknown, a list, or stands for itself in the end."""
        return self._text(raw, ()) if isinstance(raw, str) else [self._text(entry, ()) for entry in raw]

    def _text(self, text: str, trail: tuple[str, ...]) -> str:
        return _INSERT.sub(lambda match: self._insert(match, trail), text)

    def _insert(self, match: re.Match[str], trail: tuple[str, ...]) -> str:
        if match.group('dollar'):
            return '$'
        name = match.group('name') or match.group('braced') or ''
        if name in trail or len(trail) > _DEEPEST:
            raise ValueError(f'{match.group()!r} leads back to itself; write the value out')
        value = next((scope[name] for scope in self._scopes if isinstance(scope.get(name), (str, list))), None)
        if isinstance(value, str):
            return self._text(value, (*trail, name))
        what = 'a list' if isinstance(value, list) else 'unknown'
        raise ValueError(
            f'{match.group()!r} stands for the option {name!r} of the same section, which is {what};'
            ' a dollar sign itself is written $$'
        )


def _shown_input(given: Input) -> Iterator[str]:
    yield f'[[{given.name}]]'
    entries = {'flavors': ', '.join(given.flavors), 'files': ', '.join(given.files), 'command': given.command}
    for key, text in {**entries, **given.more}.items():
        if text:
            yield f'{key} = {without_logins(text)}'


def show(settings: Settings) -> str:
    """All values in effect, in the form of a file, without secrets."""
    lines = []
    for name in sections():
        lines.append(f'[{name}]')
        for option in options(name):
            value = getattr(getattr(settings, name), option.key)
            if isinstance(value, Mapping):
                lines.extend(f'{key} = {masked_url(entry)}' for key, entry in value.items())
                continue
            text = as_text(value)
            plain = masked_url(text if isinstance(text, str) else ', '.join(text))
            hidden = option.rule.secret and option.key != 'database' and plain
            lines.append(f'{option.key} = {MASK if hidden else plain}'.rstrip())
        if name == 'inputs':
            lines.extend(line for each in settings.capture.inputs for line in _shown_input(each))
    return '\n'.join(lines) + '\n'
