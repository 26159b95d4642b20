"""The languages of the pages: each says everything, and nothing is said past them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pyca.ui.languages import FOLDER, Languages
from tests.rules.source import ROOT

CATALOGUES = {file.stem: json.loads(file.read_text(encoding='utf-8')) for file in sorted(FOLDER.glob('*.json'))}
PLACE = re.compile(r'\{(\w+)\}')
TEMPLATES = sorted((ROOT / 'pyca/ui/templates').rglob('*.html'))
JINJA = re.compile(r'\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}', re.DOTALL)
MARKUP = re.compile(r'<(?:"[^"]*"|[^">])*>')
SAID = re.compile(r'\b(?:alt|aria-label|title|placeholder)="([^"]*)"')
OURS = {'pyCA'}
"""What is called the same everywhere."""


def test_every_language_has_every_sentence() -> None:
    keys = {code: set(texts) for code, texts in CATALOGUES.items()}
    assert {'en', 'de'} <= keys.keys()
    assert {code: sorted(keys['en'] ^ found) for code, found in keys.items() if found != keys['en']} == {}


@pytest.mark.parametrize('code', sorted(CATALOGUES))
def test_every_sentence_has_the_same_places_for_values(code: str) -> None:
    english, texts = CATALOGUES['en'], CATALOGUES[code]
    assert [key for key in english if set(PLACE.findall(english[key])) != set(PLACE.findall(texts[key]))] == []


def test_nothing_is_translated_that_is_never_said() -> None:
    """A key is named whole, or put together from a beginning that ends with a dot and a code."""
    sources = [*TEMPLATES, *sorted((ROOT / 'pyca/ui').rglob('*.py'))]
    text = '\n'.join(source.read_text(encoding='utf-8') for source in sources)
    beginnings = set(re.findall(r"'([a-z]+\.)' ~|f'([a-z]+\.)\{", text))
    beginnings = {one for pair in beginnings for one in pair if one}
    assert [key for key in CATALOGUES['en'] if not _named(key, text) and not key.startswith(tuple(beginnings))] == []


def _named(key: str, text: str) -> bool:
    return f"'{re.sub('[.](one|other)$', '', key)}'" in text


@pytest.mark.parametrize('template', TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_anything_in_words_of_its_own(template: Path) -> None:
    text = JINJA.sub('', re.sub(r'<!doctype[^>]*>', '', template.read_text(encoding='utf-8')))
    literal = [*SAID.findall(text), *MARKUP.sub('\n', text).split('\n')]
    words = {word for part in literal for word in re.findall(r'[^\W\d_]{2,}', part)}
    assert words - OURS == set()


def test_what_is_counted_agrees_with_the_number() -> None:
    languages = Languages.shipped()
    assert languages['en']('problem.held', count=1) == '1 recording waits for a decision'
    assert languages['de']('problem.held', count=2) == '2 Aufnahmen warten auf eine Entscheidung'
