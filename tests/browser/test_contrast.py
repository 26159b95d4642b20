"""The contrasts of the style sheet, computed in both schemes (A2). No browser is needed for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.browser.stylesheet import Palette, Rule, contrast, parse
from tests.rules.source import ROOT

SHEETS = sorted((ROOT / 'pyca/ui/static').glob('*.css'))
RULES = [rule for sheet in SHEETS for rule in parse(sheet.read_text(encoding='utf-8'))]
TEXT, SYMBOL = 4.5, 3.0
DECORATION = re.compile(r'var\(--line\)')
"""A line that may be overlooked."""
NO_GROUND = re.compile(r'progress|meter|img|backdrop')
"""What no text stands on."""
PASSING = re.compile(r':(?:hover|focus|focus-visible|active)\b')
"""A state that something has for a while; what it does not say anew stays."""
NO_COLOURS = re.compile(r'color-mix|light-dark|\b(?:rgb|hsl|oklch|oklab|lab|lch|hwb)a?\(', re.IGNORECASE)


@pytest.fixture(params=['light', 'dark'])
def palette(request: pytest.FixtureRequest) -> Palette:
    return Palette(RULES, dark=request.param == 'dark')


def ground(palette: Palette, rule: Rule) -> str | None:
    return palette.colour(rule, 'background', 'background-color')


def grounds(palette: Palette) -> set[str]:
    """What may lie behind text that says nothing of its own ground."""
    usual = (None, palette.colours('var(--text)')[0])
    rules = [rule for rule in palette.rules if not NO_GROUND.search(rule.selector)]
    return {found for rule in rules if palette.colour(rule, 'color') in usual and (found := ground(palette, rule))}


def behind(palette: Palette, rule: Rule, selector: str) -> set[str]:
    """What lies behind the text of one of the selectors of a rule: its own ground, or any."""
    if own := ground(palette, rule):
        return {own}
    usual = PASSING.sub('', selector)
    same = [one for one in palette.rules if usual in one.selector.split(', ') and ground(palette, one)]
    return {ground(palette, same[-1]) or ''} if usual != selector and same else grounds(palette)


def faint_text(palette: Palette) -> Iterator[str]:
    for rule in palette.rules:
        text = palette.colour(rule, 'color')
        for selector in rule.selector.split(', ') if text else []:
            for one in sorted(behind(palette, rule, selector)):
                if text and contrast(text, one) < TEXT:
                    yield f'{selector}: {text} on {one} has {contrast(text, one):.2f}'


def edges(palette: Palette) -> Iterator[tuple[Rule, str, str]]:
    """The lines that mean something."""
    for rule in palette.rules:
        for name, value in rule.values.items():
            if re.match('border|outline|fill|stroke|accent-color', name) and not DECORATION.search(value):
                yield from ((rule, name, colour) for colour in palette.colours(value))


def test_every_colour_has_a_name() -> None:
    """So that nothing is drawn in a colour that was not looked at."""
    unnamed = [
        f'{rule.selector} {{ {name}: {value} }}'
        for rule in RULES
        for name, value in rule.values.items()
        if 'backdrop' not in rule.selector
        if NO_COLOURS.search(value) or ('#' in value and not (rule.selector == ':root' and name.startswith('--')))
    ]
    assert unnamed == []


def test_text_can_be_read(palette: Palette) -> None:
    assert len(grounds(palette)) > 1
    assert list(faint_text(palette)) == []


def test_symbols_and_borders_can_be_seen(palette: Palette) -> None:
    faint = [
        f'{rule.selector} {name}: {colour} on {one} has {contrast(colour, one):.2f}'
        for rule, name, colour in edges(palette)
        for one in sorted(grounds(palette))
        if contrast(colour, one) < SYMBOL
    ]
    assert faint == []


def test_nothing_is_made_faint_by_being_let_through() -> None:
    faded = [rule.selector for rule in RULES if rule.values.get('opacity', '1') not in ('0', '1')]
    assert faded == []


@pytest.mark.parametrize(
    ('one', 'other', 'figure'), [('#ffffff', '#000000', 21.0), ('#777777', '#ffffff', 4.48), ('#f00000', '#f00000', 1)]
)
def test_the_contrast_is_computed_as_defined(one: str, other: str, figure: float) -> None:
    assert contrast(one, other) == pytest.approx(figure, abs=0.01)
