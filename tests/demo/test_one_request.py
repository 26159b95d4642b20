"""A whole recording in one request, as a form or as a zip file (contract 7.9)."""

from __future__ import annotations

import io
import zipfile

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, FormPart, HandClock, Reply, multipart

WORKFLOW = '/ingest/addMediaPackage/upload'
NAMESPACE = 'xmlns:oc="http://mediapackage.opencastproject.org"'


def fields(**values: str) -> list[FormPart]:
    return [(name, None, value.encode()) for name, value in values.items()]


def file(content: bytes = b'video', name: str = 'camera.mp4') -> FormPart:
    return ('BODY', name, content)


# -- addMediaPackage ---------------------------------------------------------------------------------------------------


def test_a_recording_comes_in_one_request(core: StandIn, client: Client) -> None:
    client.get('/services/available.json', serviceType='org.opencastproject.ingest')
    parts = [
        *fields(title='Analysis', flavor='presenter/source', tag='archive'),
        file(b'one'),
        *fields(flavor='presentation/source'),
        file(b'two', 'slides.mp4'),
        *fields(creator='After the file', straight='true', empty=''),
    ]
    reply = client.form(WORKFLOW, parts)
    assert reply.status == 200
    assert 'http://workflow.opencastproject.org' in reply.text
    assert '<tag>archive</tag></tags><url>' in reply.text
    assert reply.text.count('<tag>') == 1
    delivery = core.deliveries[0]
    assert (delivery.method, delivery.workflow, delivery.properties) == ('single', 'upload', {'straight': 'true'})
    assert [(track.flavor, track.path.read_bytes()) for track in delivery.tracks] == [
        ('presenter/source', b'one'),
        ('presentation/source', b'two'),
    ]
    (episode,) = delivery.catalogs
    assert episode.flavor == 'dublincore/episode'
    assert '<dcterms:creator>After the file</dcterms:creator>' in episode.path.read_text()
    assert core.violations == []


def test_the_identifier_becomes_the_id_and_finds_the_event(core: StandIn, client: Client, event: str) -> None:
    parts = [*fields(title='x', identifier=event, flavor='a/b'), file()]
    assert client.form(WORKFLOW, parts).status == 200
    assert (core.deliveries[0].uid, core.deliveries[0].matched_event) == (event, True)
    again = client.form(WORKFLOW, parts)
    assert (again.status, again.text) == (409, 'A workflow is active on this media package')


def test_without_a_workflow_in_the_path_properties_are_dropped(core: StandIn, client: Client) -> None:
    parts = [*fields(title='x', flavor='a/b', straight='true'), file()]
    assert client.form('/ingest/addMediaPackage', parts).status == 200
    assert core.deliveries[0].properties == {}
    assert any('straight was dropped' in finding for finding in core.violations)


@pytest.mark.parametrize(
    ('parts', 'status', 'text'),
    [
        ([*fields(title='x', flavor='ab'), file()], 400, "Could not parse flavor 'ab'"),
        (
            [*fields(title='x'), file()],
            400,
            'A flavor has to be specified in the request prior to the content BODY',
        ),
        (fields(title='x', flavor='a/b'), 400, 'Rejected ingest without actual media.'),
        (
            [*fields(flavor='a/b', title=''), file()],
            400,
            'Rejected ingest without episode metadata. At least provide a title.',
        ),
        ([*fields(flavor='a/b', episodeDCCatalog='<x'), file()], 400, 'Could not parse XML Dublin Core catalog'),
        (fields(flavor='a/b', mediaUri='camera.mp4'), 400, 'Invalid URI camera.mp4 for media'),
        ([*fields(title='x', flavor='a/b', created='yesterday'), file()], 500, ''),
        ([*fields(flavor='a/b', episodeDCCatalog='<x/>'), file()], 200, None),
        ([*fields(flavor='a/b', created='2025-06-05T08:00:00Z'), file()], 200, None),
    ],
)
def test_what_is_refused(client: Client, parts: list[FormPart], status: int, text: str | None) -> None:
    reply = client.form(WORKFLOW, parts)
    assert reply.status == status
    assert text is None or reply.text == text


def test_a_request_that_breaks_off_leaves_no_delivery(core: StandIn, client: Client) -> None:
    body, kind = multipart([*fields(title='x', flavor='a/b'), file(b'x' * 9999)])
    assert client.ask('POST', WORKFLOW, body[:-200], {'Content-Type': kind}).status == 500
    assert core.deliveries == []
    assert core.nodes[0].state == 'WARNING'


# -- addZippedMediaPackage ---------------------------------------------------------------------------------------------


def zipped(uid: str, url: str = 'tracks/camera.mp4', manifest: str = 'manifest.xml') -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, 'w') as archive:
        archive.writestr(
            manifest,
            f'<oc:mediapackage id="{uid}" {NAMESPACE}><oc:media><oc:track type="presenter/source" id="t">'
            f'<oc:url>{url}</oc:url></oc:track></oc:media><oc:metadata><oc:catalog type="dublincore/episode" id="c">'
            '<oc:url>episode.xml</oc:url></oc:catalog></oc:metadata></oc:mediapackage>',
        )
        archive.writestr('tracks/camera.mp4', b'video')
        archive.writestr('episode.xml', '<x/>')
    return written.getvalue()


def send(client: Client, content: bytes, path: str = '', **given: str) -> Reply:
    client.get('/services/available.json', serviceType='org.opencastproject.ingest')
    if given:
        return client.form('/ingest/addZippedMediaPackage' + path, [*fields(**given), ('f', 'a.zip', content)])
    return client.ask('POST', '/ingest/addZippedMediaPackage' + path, content, {'Content-Type': 'application/zip'})


def test_a_recording_comes_as_a_zip_file(core: StandIn, client: Client, event: str) -> None:
    assert send(client, zipped(event), '/fast').status == 200
    delivery = core.deliveries[0]
    assert (delivery.uid, delivery.method, delivery.workflow) == (event, 'zip', 'fast')
    assert [(track.filename, track.path.read_bytes()) for track in delivery.tracks] == [('camera.mp4', b'video')]
    assert delivery.overruled == delivery.catalogs
    assert send(client, zipped(event), '/fast').status == 500
    assert [path for path in core.nodes[0].folder.rglob('*.zip') if path.is_file()] == []


@pytest.mark.parametrize('way', ['query', 'field'])
def test_the_event_of_a_zip_file_may_be_named_aside(core: StandIn, client: Client, event: str, way: str) -> None:
    if way == 'query':
        reply = send(client, zipped('other'), f'/fast?id={event}')
    else:
        reply = send(client, zipped('other'), workflowInstanceId=event, workflowDefinitionId='fast', a='b')
        assert core.deliveries[0].properties == {'a': 'b'}
    assert reply.status == 200
    delivery = core.deliveries[0]
    assert (delivery.uid, delivery.mediapackage, delivery.workflow) == (event, 'other', 'fast')


@pytest.mark.parametrize(
    'content',
    [b'no zip at all', zipped('a', 'tracks/other.mp4'), zipped('a', manifest='contents.xml'), zipped(' ')],
)
def test_zip_files_that_lack_something_are_refused(core: StandIn, client: Client, content: bytes) -> None:
    assert send(client, content).status == 400
    assert core.deliveries == []


def test_so_many_zip_files_at_once_but_no_more(core: StandIn, client: Client, event: str) -> None:
    core.desk.max_zips = 0
    assert send(client, zipped(event)).status == 503
    core.desk.max_zips = 1
    assert send(client, zipped(event, manifest='index.xml')).status == 200
    assert send(client, zipped('the-next')).status == 200


def test_a_zip_file_that_breaks_off_leaves_nothing(core: StandIn, client: Client, event: str, clock: HandClock) -> None:
    body, kind = multipart([('f', 'a.zip', zipped(event))])
    assert client.ask('POST', '/ingest/addZippedMediaPackage', body[:-50], {'Content-Type': kind}).status == 500
    assert [path for path in core.nodes[0].folder.rglob('*') if path.is_file()] == []
