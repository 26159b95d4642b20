"""Check-list 7: the final call, which event it finds, what a repeat does (contract 7.7, 7.8)."""

from __future__ import annotations

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock


@pytest.mark.parametrize('own_id', [True, False])
def test_both_ways_find_the_event(core: StandIn, client: Client, event: str, own_id: bool) -> None:
    reply = client.deliver(event, own_id=own_id)
    assert '<workflow xmlns="http://workflow.opencastproject.org" id="1000"' in reply.text
    delivery = core.deliveries[0]
    assert (delivery.uid, delivery.matched_event) == (event, True)
    assert (delivery.mediapackage == event) is own_id


@pytest.mark.parametrize('instance', ['unknown-event', '4711'])
def test_an_upload_that_matches_nothing_is_a_new_event(core: StandIn, client: Client, instance: str) -> None:
    package = client.begin()
    assert client.post('/ingest/ingest', mediaPackage=package, workflowInstanceId=instance).status == 200
    assert core.deliveries[0].matched_event is False


def test_the_misspelt_field_of_the_guides_is_a_workflow_property(core: StandIn, client: Client, event: str) -> None:
    client.post('/ingest/ingest', mediaPackage=client.begin(), workfloeInstanceId=event)
    assert core.deliveries[0].matched_event is False
    assert core.deliveries[0].properties == {'workfloeInstanceId': event}


def test_which_workflow_runs(core: StandIn, client: Client, clock: HandClock) -> None:
    def runs(path: str = '', **fields: str) -> str:
        uid = core.add_event(agent='a', start=clock.now(), end=clock.now() + 1, workflow='upload')
        client.post(f'/ingest/ingest{path}', mediaPackage=client.begin(uid), **fields)
        return core.deliveries[-1].workflow

    assert runs('/fast', workflowDefinitionId='publish') == 'fast'
    assert runs(workflowDefinitionId='publish') == 'publish'
    assert runs() == 'upload'
    assert runs(workflowDefinitionId='nonsense') == 'schedule-and-upload'


def test_properties_of_the_request_win(core: StandIn, client: Client, clock: HandClock) -> None:
    prefix = 'org.opencastproject.workflow.config.'
    properties = {prefix + 'a': 'event', prefix + 'b': 'event', 'capture.device.names': 'x'}
    uid = core.add_event(agent='a', start=clock.now(), end=clock.now() + 1, properties=properties)
    package = client.begin(uid)
    client.post('/ingest/ingest', mediaPackage=package, **{prefix + 'a': 'request', 'c': 'plain'})
    assert core.deliveries[0].properties == {'a': 'request', 'b': 'event', 'c': 'plain'}


def test_the_final_call_may_be_multipart(core: StandIn, client: Client, event: str) -> None:
    package = client.begin(event).encode()
    assert client.form('/ingest/ingest', [('mediaPackage', None, package), ('a', None, b'b')]).status == 200
    assert core.deliveries[0].fields == {'a': 'b'}


# -- repeated ingests, contract 7.8 ------------------------------------------------------------------------------------


@pytest.mark.parametrize('own_id', [True, False])
def test_a_repeat_while_the_workflow_is_active_is_500(core: StandIn, client: Client, event: str, own_id: bool) -> None:
    client.deliver(event, own_id=own_id)
    assert client.deliver(event, own_id=own_id).status == 500
    assert len(core.deliveries) == 1


def test_after_the_archive_step_way_1_is_still_500(core: StandIn, client: Client, event: str) -> None:
    client.deliver(event)
    core.archive(event)
    assert client.deliver(event).status == 500


def test_after_the_archive_step_way_2_makes_a_second_event(core: StandIn, client: Client, event: str) -> None:
    client.deliver(event, own_id=False)
    core.archive(event)
    assert client.deliver(event, own_id=False).status == 200
    assert [(d.uid == event, d.matched_event) for d in core.deliveries] == [(True, True), (False, False)]


def test_after_the_workflow_way_1_guts_the_event(core: StandIn, client: Client, event: str, clock: HandClock) -> None:
    core.archive_after, core.finish_after = 10, 20
    client.deliver(event)
    clock.move(10)
    assert client.get(f'/recordings/{event}/mediapackage.xml').status == 404
    assert client.deliver(event).status == 500
    clock.move(10)
    assert client.deliver(event).status == 200
    assert [(d.uid, d.matched_event) for d in core.deliveries] == [(event, True), (event, False)]


@pytest.mark.parametrize('own_id', [True, False])
def test_a_deleted_event_comes_back_as_a_new_one(core: StandIn, client: Client, event: str, own_id: bool) -> None:
    core.remove_event(event)
    assert client.deliver(event, own_id=own_id).status == 200
    assert (core.deliveries[0].uid == event, core.deliveries[0].matched_event) == (own_id, False)
