"""The final ingest call: which event it belongs to, which workflow runs (contract 7.7, 7.8)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from pyca.demo.answers import Answer, text, xml
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import MediaPackage
from pyca.demo.records import WORKFLOW, Delivery, Event, Received, Workflow
from pyca.demo.scheduler import PREFIX, workflow_properties
from pyca.demo.shapes import DECLARATION


def ingest(exchange: Exchange, package: MediaPackage, fields: dict[str, str], path_workflow: str) -> Answer:
    model, node = exchange.model, exchange.node
    with model.lock:
        instance = fields.get('workflowInstanceId', '')
        instance = '' if instance.isdigit() else instance
        files = [node.files.get(element.url) for element in package.elements]
        received = [file for file in files if file is not None and file.path.exists()]
        if len(received) < len(package.elements):
            return text('Could not retrieve all media package elements', 400)
        key = instance or package.id
        model.strict.ingest(key)
        event = model.owned(package.id) or (model.owned(instance) if instance else None)
        added_as, package.id = package.id, event.uid if event else package.id
        if model.active(package.id):
            return Answer(500)
        asked = path_workflow or fields.get('workflowDefinitionId', '')
        model.strict.workflow(asked, model.known_workflows)
        name = _workflow(asked, event, model.known_workflows)
        delivery = Delivery(
            uid=package.id,
            mediapackage=added_as,
            matched_event=event is not None,
            workflow=name,
            properties=_properties(fields, event),
            fields=fields,
            tracks=_kind(received, 'track'),
            catalogs=_kind(received, 'catalog'),
            attachments=_kind(received, 'attachment'),
            node=node.url,
            at=model.now(),
        )
        workflow = model.start_workflow(package.id)
        model.notify(lambda: model.deliveries.append(delivery))
        model.strict.accepted(key)
    return xml(_instance(workflow, name, package, event))


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
