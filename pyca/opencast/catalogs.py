"""What a calendar entry says about the recording, in its attached files."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from pyca.event import Event

logger = logging.getLogger(__name__)

PROPERTIES = 'org.opencastproject.capture.agent.properties'
DEFINITION = 'org.opencastproject.workflow.definition'
PARAMETER = 'org.opencastproject.workflow.config.'
INPUTS = 'capture.device.names'
DEFINITION_FIELD, INSTANCE_FIELD = 'workflowDefinitionId', 'workflowInstanceId'
PROTOCOL = frozenset({'mediaPackage', DEFINITION_FIELD, INSTANCE_FIELD})
"""The fields of the final call that a workflow parameter must never replace (contract 7.7)."""

EPISODE, SERIES = 'dublincore/episode', 'dublincore/series'
CATALOGS = {'episode.xml': EPISODE, 'series.xml': SERIES}
"""The Dublin Core catalogs by the names of their files."""

_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|.|$)', re.DOTALL)
_KEY = re.compile(r'((?:\\.|[^\\:=\s])*)[ \t\f]*[:=]?[ \t\f]*(.*)', re.DOTALL)
_CONTROLS = {'n': '\n', 't': '\t', 'r': '\r', 'f': '\f'}


def agent_properties(event: Event) -> dict[str, str]:
    """The agent properties of an event (contract 6.4), none if there are none.

    Servers of today write `key=value` lines without any escapes; old ones wrote Java properties, which begin with a
    comment.
    """
    text = (event.attachment(PROPERTIES) or '').lstrip('\ufeff')
    pairs = _java(text) if text.startswith('#') else _plain(text)
    return {key: value for key, value in pairs if key}


def workflow(event: Event) -> str:
    """The id of the workflow definition; empty leaves the choice to the core."""
    return agent_properties(event).get(DEFINITION, '').strip()


def workflow_properties(event: Event) -> dict[str, str]:
    """The workflow's parameters. The prefix is cut off once; what follows may have dots (H28)."""
    found = {
        key[len(PARAMETER) :]: value for key, value in agent_properties(event).items() if key.startswith(PARAMETER)
    }
    for name in sorted(PROTOCOL & found.keys()):
        logger.warning(
            'Event %s has a workflow parameter named %s, which the protocol uses. Left out.', event.uid, name
        )
    return {name: value for name, value in found.items() if name and name not in PROTOCOL}


def selected_inputs(event: Event) -> list[str]:
    """The inputs that the event selects; none means all of them.

    So do an empty list and the word `null` (contract 6.4, trap 21).
    """
    names = agent_properties(event).get(INPUTS, '').strip()
    return [name for part in names.split(',') if (name := part.strip())] if names != 'null' else []


def dublin_core(event: Event) -> list[tuple[str, str]]:
    """The Dublin Core catalogs, as flavor with text. Uploading them unchanged is for old cores only (trap 34)."""
    return [(CATALOGS[entry.name], entry.text) for entry in event.attachments if entry.name in CATALOGS]


def _plain(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split('\n'):
        key, found, value = line.removesuffix('\r').partition('=')
        if found:
            yield key, value


def _java(text: str) -> Iterator[tuple[str, str]]:
    lines = iter(re.split(r'\r\n|\r|\n', text))
    for line in lines:
        whole = line.lstrip(' \t\f')
        if not whole or whole[0] in '#!':
            continue
        while (len(whole) - len(whole.rstrip('\\'))) % 2:
            whole = whole[:-1] + next(lines, '').lstrip(' \t\f')
        match = _KEY.match(whole)
        if match:
            yield _unescape(match.group(1)), _unescape(match.group(2))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(
        lambda match: chr(int(match[1][1:], 16)) if len(match[1]) == 5 else _CONTROLS.get(match[1], match[1]), text
    )
