"""Check-list 6, 8: multipart bodies, media packages, nodes, limits."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, multipart

NAMESPACE = ' xmlns="http://mediapackage.opencastproject.org"'


def test_a_new_media_package_is_what_opencast_answers(client: Client) -> None:
    assert client.begin('68b19d11') == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<mediapackage id="68b19d11" start="2025-06-05T08:00:00Z" xmlns="http://mediapackage.opencastproject.org">'
        '<media/><metadata/><attachments/><publications/></mediapackage>'
    )
    assert client.begin() != client.begin()


@pytest.mark.parametrize(('uid', 'status'), [('a-b_c.:;(1)', 200), ('a%20b', 500), ('%C3%A4', 500)])
def test_ids_are_plain(client: Client, uid: str, status: int) -> None:
    assert client.ask('PUT', f'/ingest/createMediaPackageWithID/{uid}').status == status


def test_a_track_is_added_and_kept(core: StandIn, client: Client) -> None:
    content = bytes(range(256)) * 8000 + b'\r\n--frontie\r\n'
    package = client.track(client.begin('68b1'), content, ' Presenter/SOURCE ').text
    match = re.search(
        r'<media><track id="([\w-]+)" type="presenter/source"><mimetype>video/mp4</mimetype><tags/>'
        r'<url>(\S+)</url><live>false</live></track></media>',
        package,
    )
    assert match
    assert match.group(2) == f'{core.url}/files/mediapackage/68b1/{match.group(1)}/camera.mp4'
    client.post('/ingest/ingest', mediaPackage=package)
    track = core.deliveries[0].tracks[0]
    assert (track.flavor, track.filename, track.size) == ('presenter/source', 'camera.mp4', len(content))
    assert track.sha256 == hashlib.sha256(content).hexdigest()
    assert track.path.read_bytes() == content


def test_tags_are_split_and_not_trimmed(client: Client) -> None:
    package = client.track(client.begin(), tags='archive, b').text
    assert '<tags><tag>archive</tag><tag> b</tag></tags>' in package


@pytest.mark.parametrize(
    ('parts', 'status', 'text'),
    [
        ([('mediaPackage', None, b'MP'), ('f', 'a.mp4', b'x')], 400, ''),
        ([('flavor', None, b'a/b'), ('f', 'a.mp4', b'x')], 400, ''),
        ([('flavor', None, b'a/b'), ('mediaPackage', None, b'MP')], 400, ''),
        ([('flavor', None, b'a/b'), ('f', 'a.mp4', b'x'), ('mediaPackage', None, b'MP')], 400, ''),
        (
            [('flavor', None, b'ab'), ('mediaPackage', None, b'MP'), ('f', 'a', b'x')],
            400,
            "Could not parse flavor 'ab'",
        ),
        ([('flavor', None, b'a/b'), ('mediaPackage', 'mp.xml', b'MP'), ('f', 'a.mp4', b'x')], 400, ''),
        ([('flavor', None, b'a/b'), ('mediaPackage', None, b'<x'), ('f', 'a.mp4', b'x')], 400, ''),
        ([('flavor', None, b'a/b'), ('mediaPackage', None, b'MP'), ('f', '', b'x')], 500, ''),
        ([('mediaPackage', None, b'MP'), ('flavor', None, b'a/b'), ('any', 'a.mp4', b'x')], 200, None),
    ],
)
def test_fields_count_until_the_first_file(
    client: Client, parts: list[tuple[str, str | None, bytes]], status: int, text: str | None
) -> None:
    package = client.begin().encode()
    reply = client.form('/ingest/addTrack', [(n, f, package if c == b'MP' else c) for n, f, c in parts])
    assert reply.status == status
    assert text is None or reply.text == text


def test_a_file_needs_a_filename_and_not_only_an_extended_one(client: Client) -> None:
    body, kind = multipart([('flavor', None, b'a/b'), ('mediaPackage', None, client.begin().encode())])
    extended = (
        b"--frontier\r\nContent-Disposition: form-data; name=f; filename*=utf-8''a.mp4\r\n\r\nx\r\n--frontier--\r\n"
    )
    reply = client.ask('POST', '/ingest/addTrack', body[: -len(b'--frontier--\r\n')] + extended, {'Content-Type': kind})
    assert reply.status == 400


@pytest.mark.parametrize(
    ('given', 'kept'),
    [
        ('C:\\videos\\a b.mp4', 'a_b.mp4'),
        ('../../etc/passwd', 'passwd'),
        ('hörsaal.mp4', 'h_rsaal.mp4'),
        ('x' * 100 + '.mp4', 'x' * 71 + '.mp4'),
    ],
)
def test_names_are_made_plain(core: StandIn, client: Client, given: str, kept: str) -> None:
    given = given.replace('\\', '\\\\')
    package = client.begin('p').encode()
    client.form('/ingest/addTrack', [('flavor', None, b'a/b'), ('mediaPackage', None, package), ('f', given, b'x')])
    assert [received.filename for received in core.nodes[0].files.values()] == [kept]
    assert all(core.nodes[0].folder in received.path.parents for received in core.nodes[0].files.values())


def test_a_body_that_ends_too_early_leaves_nothing(core: StandIn, client: Client) -> None:
    body, kind = multipart(
        [('flavor', None, b'a/b'), ('mediaPackage', None, client.begin().encode()), ('f', 'a.mp4', b'x' * 100_000)]
    )
    assert client.ask('POST', '/ingest/addTrack', body[:-50], {'Content-Type': kind}).status == 500
    assert [path for path in core.nodes[0].folder.rglob('*') if path.is_file()] == []


def test_chunked_bodies_are_read(core: StandIn, client: Client) -> None:
    body, kind = multipart(
        [('flavor', None, b'a/b'), ('mediaPackage', None, client.begin().encode()), ('f', 'a', b'xyz')]
    )
    pieces = b''.join(b'%x\r\n%s\r\n' % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7))
    headers = {'Content-Type': kind, 'Transfer-Encoding': 'chunked'}
    assert client.ask('POST', '/ingest/addTrack', pieces + b'0\r\n\r\n', headers).status == 200
    assert [received.size for received in core.nodes[0].files.values()] == [3]


def test_catalogs_and_attachments(core: StandIn, client: Client, event: str) -> None:
    def add(path: str, content: bytes, package: str) -> tuple[int, str]:
        fields = [('flavor', None, b'a/b'), ('mediaPackage', None, package.encode()), ('f', 'c.xml', content)]
        reply = client.form(path, fields)
        return reply.status, reply.text

    package = client.begin(event)
    assert add('/ingest/addCatalog', b'<x', package)[0] == 400
    _, package = add('/ingest/addCatalog', b'{"a": broken', package)
    _, package = add('/ingest/addCatalog', b'<x/>', package)
    _, package = add('/ingest/addAttachment', b'\x00', package)
    package = client.post('/ingest/addDCCatalog', mediaPackage=package, dublinCore='<dc/>').text
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert [c.flavor for c in core.deliveries[0].catalogs] == ['a/b', 'a/b', 'dublincore/episode']
    assert [c.size for c in core.deliveries[0].attachments] == [1]


def test_what_is_wrong_with_a_dublin_core(client: Client) -> None:
    package = client.begin()
    path = '/ingest/addDCCatalog'
    assert client.post(path, mediaPackage=package, dublinCore='<x').status == 400
    assert client.post(path, mediaPackage=package, dublinCore='<x/>', flavor='x').text == "Could not parse flavor 'x'"
    assert client.post(path, mediaPackage='<x', dublinCore='<x/>').status == 400
    assert client.post(path, dublinCore='<x/>').status == 500


@pytest.mark.parametrize(
    ('change', 'tracks', 'same_id'),
    [
        ((NAMESPACE, ''), 0, True),
        (('mediapackage', 'html'), 0, False),
        (('<mediapackage', '<oc:mediapackage'), 0, None),
    ],
)
def test_a_media_package_is_read_leniently(
    core: StandIn, client: Client, change: tuple[str, str], tracks: int, same_id: bool | None
) -> None:
    package = client.track(client.begin('p')).text.replace(*change)
    reply = client.post('/ingest/ingest', mediaPackage=package)
    if same_id is None:
        assert reply.status == 400
        return
    assert reply.status == 200
    assert len(core.deliveries[0].tracks) == tracks
    assert (core.deliveries[0].uid == 'p') == same_id
    assert any('as media package is none' in finding for finding in core.violations)


@pytest.mark.parametrize('package', ['', '<x', '<!DOCTYPE x><x/>', f'<mediapackage id=" "{NAMESPACE}/>'])
def test_what_is_no_xml_or_has_no_id_is_refused(client: Client, package: str) -> None:
    assert client.post('/ingest/ingest', mediaPackage=package).status == 400
    assert client.post('/ingest/ingest').status == 400


def test_strict_mode_refuses_media_packages_of_others(tmp_path: Path) -> None:
    with StandIn(tmp_path, strict=True) as core:
        foreign = f'<mediapackage id="never-made-here"{NAMESPACE}/>'
        assert Client(core.url).post('/ingest/ingest', mediaPackage=foreign).status == 400
        assert Client(core.url).post('/ingest/ingest', mediaPackage='<html/>').status == 400


# -- nodes and limits --------------------------------------------------------------------------------------------------


def test_files_are_only_on_the_node_that_got_them(core: StandIn, client: Client, event: str) -> None:
    other = Client(core.nodes.add().url)
    package = client.track(client.begin(event)).text
    reply = other.post('/ingest/ingest', mediaPackage=package)
    assert (reply.status, reply.text) == (400, 'Could not retrieve all media package elements')
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200


def test_discarding_removes_the_files(core: StandIn, client: Client, event: str) -> None:
    package = client.track(client.begin(event)).text
    assert client.post('/ingest/discardMediaPackage', mediaPackage=package).status == 200
    assert client.post('/ingest/discardMediaPackage', mediaPackage=package).status == 200
    assert client.post('/ingest/discardMediaPackage', mediaPackage='<x').status == 500
    assert client.post('/ingest/ingest', mediaPackage=package).status == 400
    assert [path for path in core.nodes[0].folder.rglob('*') if path.is_file()] == []


def test_urlencoded_bodies_have_a_limit(core: StandIn, client: Client, event: str) -> None:
    package = client.begin(event)
    big = 'x' * 1_500_001
    assert client.post('/ingest/ingest', mediaPackage=package, a=big).status == 400
    fields = [('mediaPackage', None, package.encode()), ('a', None, big.encode())]
    assert client.form('/ingest/ingest', fields).status == 200


def test_interrupted_uploads_can_take_a_node_off_the_list(core: StandIn, client: Client) -> None:
    core.desk.max_failed_jobs = 2
    body, kind = multipart(
        [('flavor', None, b'a/b'), ('mediaPackage', None, client.begin().encode()), ('f', 'a', b'x')]
    )
    client.ask('POST', '/ingest/addTrack', body[:-20], {'Content-Type': kind})
    assert core.nodes[0].state == 'WARNING'
    client.ask('POST', '/ingest/addTrack', body[:-20], {'Content-Type': kind})
    found = client.get('/services/available.json', serviceType='org.opencastproject.ingest')
    assert found.json == {'services': ''}
