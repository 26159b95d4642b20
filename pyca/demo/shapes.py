"""JSON as it comes out of XML types: Jettison's "mapped" convention (contract 2.3)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Json = Any
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def number(text: str) -> str | int | float | bool:
    """A text as JSON shows it: a number or a boolean if it survives the way there and back."""
    if text in ('true', 'false'):
        return text == 'true'
    if re.fullmatch(r'-?(0|[1-9]\d*)', text, re.ASCII) and text != '-0' and -(2**63) <= int(text) < 2**63:
        return int(text)
    if re.fullmatch(r'-?\d+\.\d+(E-?\d+)?', text, re.ASCII) and _java_double(float(text)) == text:
        value = float(text)
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return text


def _java_double(value: float) -> str:
    """What Java writes for a double."""
    if math.isinf(value):
        return ''
    size = abs(value)
    if size == 0 or 1e-3 <= size < 1e7:
        return repr(value)
    digits, _, exponent = f'{value:.17e}'.partition('e')
    for precision in range(1, 18):
        shorter = f'{value:.{precision}e}'
        if float(shorter) == value:
            digits, _, exponent = shorter.partition('e')
            break
    digits = digits.rstrip('0')
    return f'{digits}0E{int(exponent)}' if digits.endswith('.') else f'{digits}E{int(exponent)}'


def mapped(value: Json) -> Json:
    """Convert texts, shrink lists: none is the empty string, one is the thing itself; None is left out."""
    if isinstance(value, str):
        return number(value)
    if isinstance(value, Mapping):
        return {key: mapped(part) for key, part in value.items() if part is not None}
    if isinstance(value, Sequence):
        return mapped(value[0]) if len(value) == 1 else [mapped(part) for part in value]
    return value


def wrapped(name: str, children: Sequence[Json]) -> Json:
    """A list type with children of this name."""
    return {name: list(children)} if children else ''


def dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def items(properties: Mapping[str, str]) -> Json:
    """A hash table type: `item` objects with key and value, before `mapped`."""
    return wrapped('item', [{'key': key, 'value': value} for key, value in properties.items()])


def xml_items(properties: Mapping[str, str]) -> str:
    """The same as XML, with the stray namespaces that JAXB writes."""
    return ''.join(
        f'<item key={quoteattr(key)} xmlns="" xmlns:ns3="http://util.opencastproject.org">'
        f'<ns3:value>{escape(value)}</ns3:value></item>'
        for key, value in properties.items()
    )
