"""Looks at the Dublin Core of an event that nobody scheduled, when its recording comes.

Opencast takes anything, and then has an event without a title, a place or a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from xml.etree import ElementTree

from pyca.demo.records import Received

TERMS = '{http://purl.org/dc/terms/}'
EPISODE = 'dublincore/episode'


def lacks(package: str, catalogs: Sequence[Received]) -> Iterator[str]:
    """A sentence for each thing that a person would miss."""
    found = [catalog for catalog in catalogs if catalog.flavor == EPISODE]
    if len(found) != 1:
        yield f'The new event {package} came with {len(found)} episode catalogs instead of one.'
        return
    root = ElementTree.fromstring(found[0].path.read_bytes())
    terms = {term.tag.removeprefix(TERMS): (term.text or '').strip() for term in root}
    for name in ('title', 'spatial'):
        if not terms.get(name):
            yield f'The new event {package} has no {name}.'
    if terms.get('identifier') != package:
        yield f'The new event {package} is called {terms.get("identifier")} in its catalog.'
    created = _utc(terms.get('created', ''))
    period = dict(re.findall(r'(start|end)=([^;]+);', terms.get('temporal', '')))
    start, end = (_utc(period.get(name, '')) for name in ('start', 'end'))
    if created is None or start is None or end is None:
        yield f'The new event {package} has no time, or one that is not UTC.'
    elif created != start or start >= end:
        yield f'The new event {package} has times that do not go together.'


def _utc(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace('Z', '+00:00'))
    except ValueError:
        return None
    return moment if moment.utcoffset() == timedelta(0) else None
