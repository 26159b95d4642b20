"""A short digest of the configuration, to see at a glance which agents of a site are set up alike."""

from __future__ import annotations

import hashlib
import json

from pyca.settings import Settings, options, sections

INDIVIDUAL = {('agent', 'name'), ('ui', 'url')}
"""What differs from agent to agent although they are set up alike."""
LENGTH = 12


def fingerprint(settings: Settings) -> str:
    """Of every option but passwords and the agent's own name and address."""
    values = {
        f'{name}.{option.key}': getattr(getattr(settings, name), option.key)
        for name in sections()
        for option in options(name)
        if not option.rule.secret and (name, option.key) not in INDIVIDUAL
    }
    text = json.dumps(values, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:LENGTH]
