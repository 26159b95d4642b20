"""Reads an agent's configuration the way Opencast does (contract 5.5)."""

from __future__ import annotations

import re
from xml.etree import ElementTree

DOCTYPE = re.compile(
    r'(<\?xml[^>]*\?>)?\s*(<!--.*?-->\s*)*<!DOCTYPE\s+properties\s+SYSTEM\s+"http://java\.sun\.com/dtd/properties\.dtd"\s*>',
    re.DOTALL,
)
LITERAL = re.compile(r'[^\s{}\[\]:,;=#/\\"\']+')
ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f'}


class Malformed(Exception):
    """Answered with 400."""


class NullValue(Exception):
    """Answered with 500: the server meets a null pointer."""


def read(text: str) -> dict[str, str]:
    """The properties of a configuration, JSON if the very first character is a brace, else XML."""
    if not text.strip():
        raise Malformed('blank')
    return _Json(text).properties() if text.startswith('{') else _xml(text)


def _xml(text: str) -> dict[str, str]:
    if not DOCTYPE.match(text):
        raise Malformed('the DOCTYPE is missing or another')
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise Malformed(str(error)) from error
    if root.tag != 'properties':
        raise Malformed('another root')
    result: dict[str, str] = {}
    for child in root:
        if child.tag == 'comment':
            continue
        key = child.get('key')
        if child.tag != 'entry' or key is None or len(child):
            raise Malformed(f'the element {child.tag}')
        result[key] = child.text or ''
    return result


class _Json:
    """A lenient reader of one flat object: single quotes and bare words pass, nesting does not."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1

    def properties(self) -> dict[str, str]:
        result: dict[str, str] = {}
        if self._next() != '}':
            while True:
                key, _ = self._word()
                self._expect(':')
                value, bare = self._word()
                if bare and value == 'null':
                    raise NullValue(key)
                if key in result:
                    raise Malformed(f'the key {key} twice')
                result[key] = value
                if self._next() == '}':
                    break
                self._expect(',')
        self._at += 1
        if self._text[self._at :].strip():
            raise Malformed('data after the end')
        return result

    def _next(self) -> str:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        if self._at >= len(self._text):
            raise Malformed('cut off')
        return self._text[self._at]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise Malformed(f'{character} is missing at {self._at}')
        self._at += 1

    def _word(self) -> tuple[str, bool]:
        """A string or a bare word, and whether it was bare."""
        quote = self._next()
        if quote in '"\'':
            self._at += 1
            return self._quoted(quote), False
        found = LITERAL.match(self._text, self._at)
        if not found:
            raise Malformed(f'no value at {self._at}')
        self._at = found.end()
        return found.group(), True

    def _quoted(self, quote: str) -> str:
        result = ''
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == quote:
                return result
            result += self._escape() if character == '\\' else character
        raise Malformed('a string without an end')

    def _escape(self) -> str:
        character = self._text[self._at : self._at + 1]
        self._at += 1
        if character != 'u':
            return ESCAPES.get(character, character)
        digits = self._text[self._at : self._at + 4]
        self._at += 4
        if not re.fullmatch('[0-9a-fA-F]{4}', digits):
            raise Malformed('a bad escape')
        return chr(int(digits, 16))
