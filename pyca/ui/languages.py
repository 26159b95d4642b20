"""The languages of the pages: one catalogue of sentences each.

A language is a file in `words/`. A sentence has a key; `{name}` in it stands for a value. A key that is counted has the
endings `.one` and `.other`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from markupsafe import Markup, escape

DEFAULT = 'en'
"""Also what the API says."""
FOLDER = Path(__file__).parent / 'words'


class Words:
    """Says things in one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of this key. A value that is markup makes the whole markup; everything else is text."""
        if 'count' in values and f'{key}.other' in self._texts:
            key = f'{key}.{"one" if values["count"] == 1 else "other"}'
        text = self._texts[key]
        if any(isinstance(value, Markup) for value in values.values()):
            return escape(text).format(**values)
        return text.format(**values) if values else text

    def known(self, key: str) -> bool:
        return key in self._texts

    def beginning(self, start: str) -> Mapping[str, str]:
        """The sentences whose keys begin so, by the rest of their keys."""
        return {key[len(start) :]: text for key, text in self._texts.items() if key.startswith(start)}

    def list(self, key: str) -> list[str]:
        """Words in a row, such as the months."""
        return self._texts[key].split()

    def number(self, value: float, digits: int = 1) -> str:
        """With the decimal mark of the language."""
        mark, group = self._texts['number.decimal'], self._texts['number.group']
        return f'{value:,.{digits}f}'.replace(',', '\0').replace('.', mark).replace('\0', group)


class Languages:
    """All catalogues. The first one stands in for a language that there is not."""

    def __init__(self, catalogues: Mapping[str, Mapping[str, str]]) -> None:
        self._words = {code: Words(code, texts) for code, texts in catalogues.items()}

    @classmethod
    def shipped(cls) -> Languages:
        files = sorted(FOLDER.glob('*.json'), key=lambda file: (file.stem != DEFAULT, file.stem))
        return cls({file.stem: json.loads(file.read_text(encoding='utf-8')) for file in files})

    @property
    def codes(self) -> Collection[str]:
        return self._words.keys()

    def __getitem__(self, code: str) -> Words:
        return self._words[code]

    @property
    def default(self) -> Words:
        return next(iter(self._words.values()))
