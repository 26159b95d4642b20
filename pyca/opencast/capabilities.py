"""The configuration of an agent as the core is told of it (contract 5.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from pyca.masking import Redaction, without_logins
from pyca.settings import Settings
from pyca.version2 import VENDOR, capabilities

NAMES = 'capture.device.names'
DEVICE = 'capture.device.'
ZONE = 'capture.device.timezone'
_DOCTYPE = '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'


def properties(settings: Settings, zone: str) -> dict[str, str]:
    """What is posted; nothing without inputs, save for a core of version 2.

    `zone`: an IANA name, empty where nobody knows it.

    The core copies all of it into every event that it schedules, where anybody may read it: no address keeps its
    password, and no password of this configuration gets there.
    """
    inputs, hide = settings.capture.inputs, Redaction.of(settings)
    vendor = capabilities() if settings.agent.version2 else VENDOR
    if not inputs and not settings.agent.version2:
        return {}
    found = {NAMES: ','.join(each.name for each in inputs)} if inputs else {}
    for each in inputs:
        flavor = {'flavor': ','.join(each.flavors)} if each.flavors else {}
        for key, value in {**flavor, **each.more}.items():
            found[f'{DEVICE}{each.name}.{key}'] = hide(without_logins(value))
    return {**found, **({ZONE: zone} if zone else {}), **vendor}


def document(settings: Settings, zone: str) -> str:
    """The same as the text that is posted, in JSON or XML; empty without inputs."""
    given = properties(settings, zone)
    if not given:
        return ''
    return _xml(given) if settings.inputs.format == 'xml' else json.dumps(given)


def _xml(given: Mapping[str, str]) -> str:
    """Java's properties. The DOCTYPE is mandatory, just as it stands here (that of the manual has a backslash)."""
    entries = ''.join(f'<entry key={quoteattr(key)}>{escape(value)}</entry>' for key, value in given.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n<properties>{entries}</properties>'
