"""The Dublin Core of an event as JSON (contract 6.6, 6.7)."""

from __future__ import annotations

from xml.etree import ElementTree

from pyca.demo import ical
from pyca.demo.records import Event
from pyca.demo.shapes import Json

TERMS = 'http://purl.org/dc/terms/'
TYPE = '{http://www.w3.org/2001/XMLSchema-instance}type'


def as_json(event: Event) -> Json:
    """The terms under their namespace, each a list of values."""
    terms: dict[str, list[Json]] = {}
    for term in ElementTree.fromstring(ical.episode(event).encode()):
        value = {'value': term.text or ''}
        if term.get(TYPE):
            value['type'] = term.get(TYPE, '')
        terms.setdefault(term.tag.rpartition('}')[2], []).append(value)
    return {TERMS: terms}
