"""Every option is described in the shipped file and in the manual, with the default that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pyca import config
from pyca.settings import Settings, options, sections
from pyca.values import convert

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / 'etc' / 'pyca.conf'
MANUAL = ROOT / 'docs' / 'configuration.md'

_COMMENTED = re.compile(r'(?m)^#(?=\w+ *=)')
_ROW = re.compile(r'\| `(\w+)` \| ([^|]*) \| (?:`(.*?)`)? ?\| .+ \|')


def test_the_shipped_file_changes_nothing() -> None:
    settings = config.load(str(SHIPPED), hostname=lambda: 'room')
    defaults = config.load(search=(), hostname=lambda: 'room')
    assert {name: getattr(settings, name) for name in sections()} == {
        name: getattr(defaults, name) for name in sections()
    }


@pytest.mark.parametrize('section', sections())
def test_each_option_stands_commented_with_its_default_in_the_shipped_file(section: str) -> None:
    text = _COMMENTED.sub('', SHIPPED.read_text())
    written = re.findall(r'(?m)^(\w+) *=', _part(text, rf'(?m)^\[{section}\]$', r'(?m)^\[\w+\]$'))
    assert sorted(written) == sorted(option.key for option in options(section) if option.key != 'service_overrides')
    settings = config.parse(text, 'pyca.conf')
    for option in options(section):
        assert getattr(getattr(settings, section), option.key) == option.default, option.key


def test_the_shipped_file_has_no_option_that_does_not_exist() -> None:
    settings = config.parse(_COMMENTED.sub('', SHIPPED.read_text()), 'pyca.conf')
    assert [warning for warning in settings.warnings if ' no option ' in warning] == []


def test_the_shipped_file_names_the_services_that_can_be_overridden() -> None:
    examples = _COMMENTED.sub('', SHIPPED.read_text()).replace('#   [[', '[[').replace('#   org.', 'org.')
    assert len(config.parse(examples, 'pyca.conf').server.service_overrides) == 3


@pytest.mark.parametrize('section', sections())
def test_each_option_stands_with_its_default_in_the_manual(section: str) -> None:
    rows = _ROW.findall(_part(MANUAL.read_text(), rf'(?m)^## \[{section}\]$', r'(?m)^## '))
    written = {key: (kind, default) for key, kind, default in rows}
    assert sorted(written) == sorted(option.key for option in options(section))
    for option in options(section):
        kind, default = written[option.key]
        if option.key != 'service_overrides':
            assert convert(default, option) == option.default, option.key
        if option.rule.minimum is not None and option.rule.maximum is None and not option.rule.rate:
            assert f'{option.rule.minimum} or more' in kind, option.key


def test_the_manual_has_a_part_for_each_section() -> None:
    assert re.findall(r'(?m)^## \[(\w+)\]$', MANUAL.read_text()) == list(sections())


@pytest.mark.parametrize('path', [SHIPPED, MANUAL])
@pytest.mark.parametrize('section', sections())
def test_limits_are_told(section: str, path: Path) -> None:
    text = path.read_text()
    for option in options(section):
        for word in option.rule.choices:
            assert re.search(rf'\b{word}\b', text), f'{option.key}: {word}'
        if option.rule.maximum is not None:
            assert f'{option.rule.minimum} to {option.rule.maximum}' in text, option.key


def test_the_example_of_a_command_can_be_used() -> None:
    examples = re.findall(r'(?s)```ini\n(.*?)```', MANUAL.read_text())
    example = next(text for text in examples if text.startswith('[capture]'))
    settings = config.parse(example, 'pyca.conf')
    assert settings.capture.command.endswith('-cluster_time_limit 1000 -flush_packets 1 {{dir}}/{{name}}.mkv')
    assert settings.capture.files == ('{{dir}}/{{name}}.mkv',)
    assert settings.capture != Settings().capture


def _part(text: str, begin: str, end: str) -> str:
    """The lines from the one that `begin` finds to the next that `end` finds."""
    first = re.search(begin, text)
    assert first, begin
    rest = text[first.end() :]
    last = re.search(end, rest)
    return rest[: last.start()] if last else rest
