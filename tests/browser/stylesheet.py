"""A style sheet, read far enough to compute contrasts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DARK = 'prefers-color-scheme: dark'
COLOUR = re.compile(r'#(?:[0-9a-fA-F]{3}){1,2}\b')
VARIABLE = re.compile(r'var\((--[\w-]+)\)')


@dataclass(frozen=True)
class Rule:
    """`conditions` are the at-rules around it."""

    selector: str
    values: Mapping[str, str]
    conditions: tuple[str, ...]

    def holds(self, *, dark: bool) -> bool:
        """Whether it may count in this scheme, on some screen."""
        text = ' '.join(self.conditions)
        if 'prefers-color-scheme' in text:
            return (DARK in text) == dark
        return 'print' not in text and 'forced-colors' not in text and '@keyframes' not in text


def parse(text: str, conditions: tuple[str, ...] = ()) -> Iterator[Rule]:
    """All rules, in their order."""
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL)
    while '{' in text:
        head, _, rest = text.partition('{')
        inside, text = _block(rest)
        selector = ' '.join(head.rpartition(';')[2].split())
        if selector.startswith('@') and '{' in inside:
            yield from parse(inside, (*conditions, selector))
        else:
            yield Rule(selector, dict(_declarations(inside)), conditions)


def _block(text: str) -> tuple[str, str]:
    """What stands before the brace that closes, and what after it."""
    depth = 1
    for found in re.finditer('[{}]', text):
        depth += 1 if found[0] == '{' else -1
        if not depth:
            return text[: found.start()], text[found.end() :]
    raise ValueError('a block does not end')


def _declarations(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(';'):
        name, colon, value = part.partition(':')
        if colon:
            yield name.strip(), ' '.join(value.split())


class Palette:
    """The colours of one scheme."""

    def __init__(self, rules: list[Rule], *, dark: bool) -> None:
        self.rules = [rule for rule in rules if rule.holds(dark=dark)]
        self.named = {
            name: value for rule in self.rules for name, value in rule.values.items() if name.startswith('--')
        }

    def colours(self, value: str) -> list[str]:
        """The colours in a value, as `#rrggbb`."""
        while VARIABLE.search(value):
            value = VARIABLE.sub(lambda found: self.named[found[1]], value)
        return [_long(found) for found in COLOUR.findall(value)]

    def colour(self, rule: Rule, *names: str) -> str | None:
        """The colour that the last of these properties gives; None for none, or one that is inherited."""
        found = [one for name in names for one in self.colours(rule.values.get(name, ''))]
        return found[-1] if found else None


def _long(colour: str) -> str:
    digits = colour[1:].lower()
    return '#' + (digits if len(digits) == 6 else ''.join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
