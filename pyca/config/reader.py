"""Sections of texts turned into `Settings`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from pyca.config import checks, hints, inputs
from pyca.errors import Mistake
from pyca.settings import Ingest, Input, Option, Rule, Server, Settings, options, sections
from pyca.values import Inserts, as_text, convert

OVERRIDES = 'service_overrides'
SERVICES = ('org.opencastproject.capture.admin', 'org.opencastproject.ingest', 'org.opencastproject.scheduler')
"""The services of the core that the agent uses."""

MARK = '\0'
"""Begins the name of a section whose header could not be read; the name it was meant to have is its last word."""

_SILENT = frozenset({'services', 'DEFAULT'})
"""Sections of old files: a cache of endpoints, and values for `$name` in all sections."""
_LONE_DOLLAR = 'the value (not shown) has a $ before a name that is no option here; a dollar sign itself is written $$'


class Reader:
    """One pass over one file; `mistakes` and `warnings` fill meanwhile."""

    def __init__(self, source: str, text: str, unparsed: Iterable[Mistake] = ()) -> None:
        """`unparsed` are the mistakes found before; what they hit is not judged again."""
        self.mistakes = list(unparsed)
        self.warnings: list[Mistake] = []
        self._source = source
        self._text = text

    def settings(self, tree: Mapping[str, Any]) -> Settings:
        """`tree` has a mapping for each section. An option with a mistake gets its default."""
        values = {name: self._section(name, kind, tree) for name, kind in sections().items()}
        for marked, entry in tree.items():
            name = marked.rpartition(' ')[2]
            if marked.startswith(MARK) and name in sections():
                self._section(name, sections()[name], {name: entry})
        values['capture'] = replace(values['capture'], inputs=self._inputs(tree))
        settings = Settings(source=self._source, **values)
        unread = {(mistake.section, mistake.key) for mistake in self.mistakes}
        for finding in checks.mistakes(settings, unread):
            self._mistake(*finding)
        for finding in hints.hints(settings) if not self.mistakes else ():
            self._warning(*finding)
        self._divided(settings, tree)
        self._strange_sections(tree)
        return settings

    def _mistake(self, section: str, key: str, text: str) -> None:
        self.mistakes.append(Mistake(self._source, section, key, text))

    def _warning(self, section: str, key: str, text: str) -> None:
        self.warnings.append(Mistake(self._source, section, key, text))

    def _section(self, name: str, kind: Any, tree: Mapping[str, Any]) -> Any:
        raw = tree.get(name, {})
        if not isinstance(raw, Mapping):
            self._mistake(name, '', f'is the name of a section; write [{name}], and its keys below')
            raw = {}
        inserts = Inserts(*_scopes(raw, _defaults(name), tree))
        values: dict[str, Any] = {}
        for item in options(name):
            if item.key in raw and item.key != OVERRIDES:
                try:
                    values[item.key] = _value(raw[item.key], item, inserts)
                except ValueError as error:
                    self._mistake(name, item.key, str(error))
                self._hash_in_value(name, item.key, raw)
        self._strange_keys(name, raw)
        if kind is Server:
            values['url'] = values.get('url', Server.url).rstrip('/')
            values[OVERRIDES] = self._overrides(raw, tree)
            values['given'] = frozenset(raw) & {item.name for item in fields(Server)}
        if kind is Ingest and 'delay_max' not in raw:  # a shortest wait alone is a wait of that length
            values['delay_max'] = max(Ingest.delay_max, values.get('delay_min', 0))
        return kind(**values)

    def _overrides(self, server: Mapping[str, Any], tree: Mapping[str, Any]) -> dict[str, str]:
        raw = server.get(OVERRIDES, {})
        if not isinstance(raw, Mapping):
            self._mistake('server', OVERRIDES, f'is a section within [server]; write [[{OVERRIDES}]]')
            return {}
        inserts = Inserts(*_scopes(raw, server, _defaults('server'), tree))
        values = {}
        for service, entry in raw.items():
            key = f'[[{OVERRIDES}]] {service}'
            try:
                value = _value(entry, Option('server', service, '', Rule()), inserts)
            except ValueError as error:
                self._mistake('server', key, str(error))
                continue
            if value:
                values[service] = value.rstrip('/')
            if service not in SERVICES:
                self._warning('server', key, f'is no service that the agent uses; {_advice(service, SERVICES)}')
        return values

    def _inputs(self, tree: Mapping[str, Any]) -> tuple[Input, ...]:
        raw = tree.get(inputs.SECTION, {})
        if not isinstance(raw, Mapping):
            return ()
        scopes = lambda section: Inserts(*_scopes(section, raw, tree))  # noqa: E731
        wrong = lambda key, text: self._mistake(inputs.SECTION, key, text)  # noqa: E731
        found = tuple(inputs.read(raw, scopes, wrong))
        for section in filter(lambda entry: isinstance(entry, Mapping), raw.values()):
            for key in section:
                self._hash_in_value(inputs.SECTION, key, section)
        return found

    def _divided(self, settings: Settings, tree: Mapping[str, Any]) -> None:
        """Whether `[capture]` and `[inputs]` fit together."""
        given = tree.get('capture', {})
        given = given if isinstance(given, Mapping) else {}
        for finding in inputs.mistakes(settings.capture, given):
            self._mistake(*finding)
        if inputs.idle_command(settings.capture, given):
            self._warning('capture', 'command', 'does nothing: every input that has files has a command of its own')

    def _strange_sections(self, tree: Mapping[str, Any]) -> None:
        known = sections()
        for name, entry in tree.items():
            if name in known or name in _SILENT or name.startswith(MARK):
                continue
            if not isinstance(entry, Mapping):
                homes = [section for section in known if name in _keys(section)]
                advice = f'write it below [{homes[0]}]' if homes else 'write it below the header of its section'
                self._warning('', name, f'stands before the first section and does nothing; {advice}')
            elif name == OVERRIDES:
                self._warning(name, '', f'does nothing here; write [[{OVERRIDES}]] at the end of [server]')
            else:
                self._warning(name, '', f'is no section that the agent knows; {_advice(name, known)}')

    def _strange_keys(self, section: str, raw: Mapping[str, Any]) -> None:
        known = _keys(section)
        for key, value in raw.items():
            if key in known or (section == inputs.SECTION and isinstance(value, Mapping)):
                continue
            homes = [other for other in sections() if key in _keys(other)]
            close = get_close_matches(key, known, 1)
            advice = f'it belongs to [{homes[0]}]' if homes and not close else _advice(key, known)
            self._warning(section, key, f'is no option that the agent knows and does nothing; {advice}')

    def _hash_in_value(self, section: str, key: str, raw: Mapping[str, Any]) -> None:
        """Says so when a comment begins right behind a value, as in `password = abc#def`."""
        comment = getattr(raw, 'inline_comments', {}).get(key)
        if comment and isinstance(raw[key], str) and f'{raw[key]}{comment}' in self._text:
            self._warning(
                section, key, 'ends before its #, which begins a comment; put the value in quotes if not meant'
            )


def _value(raw: Any, option: Option, inserts: Inserts) -> Any:
    if isinstance(raw, Mapping):
        raise ValueError(f'is a key, not a section; write {option.key} = and its value')
    try:
        filled = inserts.fill(raw)
    except ValueError:
        if option.rule.secret:
            raise ValueError(_LONE_DOLLAR) from None
        raise
    return convert(filled, option)


def _scopes(*chain: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where `$name` is looked up: each section from the inmost on, and the `[DEFAULT]` in it."""
    for section in chain:
        yield section
        default = section.get('DEFAULT')
        if isinstance(default, Mapping):
            yield default


def _keys(section: str) -> list[str]:
    return [option.key for option in options(section)]


def _defaults(section: str) -> dict[str, Any]:
    return {option.key: as_text(option.default) for option in options(section) if option.key != OVERRIDES}


def _advice(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), 1)
    return f'did you mean {close[0]}?' if close else f'known are {", ".join(known)}'
