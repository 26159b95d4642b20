"""The final ingest call: which event it belongs to, which workflow runs (contract 7.7, 7.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from pyca.demo import newcomer
from pyca.demo.answers import Answer, text, xml
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import MediaPackage
from pyca.demo.records import WORKFLOW, Delivery, Event, Received, Workflow
from pyca.demo.scheduler import PREFIX, workflow_properties
from pyca.demo.shapes import DECLARATION


@dataclass(frozen=True)
class Call:
    """What shall be processed, and how it was asked for."""

    package: MediaPackage
    fields: dict[str, str]
    workflow: str = ''
    """The workflow in the path."""
    method: str = 'multi'
    """How the files came: `multi`, `single` or `zip`."""

    @property
    def instance(self) -> str:
        """The event that is meant; a number is the id of a workflow of old, which nobody looks at."""
        named = self.fields.get('workflowInstanceId', '')
        return '' if named.isdigit() else named


def ingest(exchange: Exchange, call: Call) -> Answer:
    model, node, package = exchange.model, exchange.node, call.package
    with model.lock:
        files = [node.files.get(element.url) for element in package.elements]
        received = [file for file in files if file is not None and file.path.exists()]
        if len(received) < len(package.elements):
            return text('Could not retrieve all media package elements', 400)
        key = call.instance or package.id
        model.strict.ingest(key)
        event = model.owned(package.id) or (model.owned(call.instance) if call.instance else None)
        added_as, package.id = package.id, event.uid if event else package.id
        if model.active(package.id):
            return text('A workflow is active on this media package', 409) if call.method == 'single' else Answer(500)
        received += node.partials.catalog(added_as, node)
        delivery = replace(_delivery(exchange, call, event, received), mediapackage=added_as)
        if event is None and not call.instance and call.method != 'single':  # that one has no catalog of its own
            for sentence in newcomer.lacks(package.id, delivery.catalogs):
                model.strict.find(sentence)
        workflow = model.start_workflow(package.id)
        model.notify(lambda: model.deliveries.append(delivery))
        model.strict.accepted(key)
    return xml(_instance(workflow, delivery.workflow, package, event))


def _delivery(exchange: Exchange, call: Call, event: Event | None, received: list[Received]) -> Delivery:
    model = exchange.model
    asked = call.workflow or call.fields.get('workflowDefinitionId', '')
    model.strict.workflow(asked, model.known_workflows)
    return Delivery(
        uid=call.package.id,
        mediapackage=call.package.id,
        matched_event=event is not None,
        workflow=_workflow(asked, event, model.known_workflows),
        properties=_properties(call.fields, event),
        fields=call.fields,
        tracks=_kind(received, 'track'),
        catalogs=_kind(received, 'catalog'),
        attachments=_kind(received, 'attachment'),
        overruled=tuple(file for file in received if event and model.overrules(event, file)),
        node=exchange.node.url,
        at=model.now(),
        method=call.method,
    )


def _workflow(asked: str, event: Event | None, known: set[str]) -> str:
    """Asked for, else the event's, else the default; an unknown one is the default, too."""
    name = asked or (event.workflow if event else WORKFLOW)
    return name if name in known else WORKFLOW


def _properties(fields: dict[str, str], event: Event | None) -> dict[str, str]:
    own = {
        key[len(PREFIX) :] if key.startswith(PREFIX) else key: value
        for key, value in fields.items()
        if key not in ('workflowDefinitionId', 'workflowInstanceId')
    }
    return {**(workflow_properties(event) if event else {}), **own}


def _kind(received: list[Received], kind: str) -> tuple[Received, ...]:
    return tuple(file for file in received if file.kind == kind)


def _instance(workflow: Workflow, name: str, package: MediaPackage, event: Event | None) -> str:
    return (
        f'{DECLARATION}<workflow xmlns="http://workflow.opencastproject.org"'
        f' id="{workflow.number}" state="INSTANTIATED">'
        f'<template>{escape(name)}</template><title>{escape(event.title if event else "")}</title>'
        f'{package.xml(declaration=False)}</workflow>'
    )
