"""Everything of a recording in one request."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pyca.errors import RecordingsUnusable
from pyca.opencast.archive import Member, archive
from pyca.opencast.body import Body, Stretch
from pyca.opencast.bundle import Bundle, Item, manifest, single, zipped
from pyca.opencast.http import Http
from pyca.opencast.mediapackage import NAMESPACE, parse
from tests.opencast.conftest import FakeCore
from tests.opencast.test_upload import parts

GIB4 = 2**32
CATALOG = (
    '<dublincore xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" xmlns:dcterms="http://purl.org/dc/terms/">'
    '<dcterms:creator>A &amp; B</dcterms:creator><dcterms:identifier>another</dcterms:identifier></dublincore>'
)


def bytes_of(body: Body, block: int = 1000) -> bytes:
    body.rewind()
    blocks = iter(lambda: body.read(block), b'')
    content = b''.join(part or b'' for part in blocks)
    assert len(content) == body.length
    return content


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Two tracks of one name in two folders, a catalog, an attachment that is called like a manifest."""
    items = [Item('catalog', 'dublincore/episode', text=CATALOG)]
    for folder, name, flavor in (('a', 'kämera.mkv', 'presenter/source'), ('b', 'kämera.mkv', 'presentation/source')):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / name
        path.write_bytes(folder.encode() * 70_000)
        items.append(Item('track', flavor, path, zlib.crc32(path.read_bytes())))
    path = tmp_path / 'old-manifest.xml'
    path.write_bytes(b'<x/>')
    items.append(Item('attachment', 'other/thing', path, zlib.crc32(b'<x/>')))
    fields = {'workflowDefinitionId': 'fast', 'workflowInstanceId': 'event-1', 'publish.now': 'a=b'}
    return Bundle('event-1', 'Analysis', 1_750_000_000, items, fields, 1_750_000_000.0)


def test_a_form_has_the_id_first_and_each_flavor_before_its_file(bundle: Bundle) -> None:
    """Contract 7.9: the files are stored under the id that was read before them."""
    with single(bundle) as body:
        found = parts(bytes_of(body), body.content_type)

    assert [(name, content) for name, filename, content in found if filename is None] == [
        ('identifier', b'event-1'),
        ('title', b'Analysis'),
        ('creator', b'A & B'),
        ('publish.now', b'a=b'),
        ('flavor', b'presenter/source'),
        ('flavor', b'presentation/source'),
        ('flavor', b'other/thing'),
    ]
    assert [name for name, filename, _ in found][-6:] == ['flavor', 'BODY1'] * 3
    assert [content[:1] for _, filename, content in found if filename] == [b'a', b'b', b'<']


def test_a_zip_comes_last_and_is_stored_without_a_descriptor_behind_its_files(bundle: Bundle) -> None:
    """Whoever reads it as a stream needs the sizes before the content."""
    with zipped(bundle) as body:
        found = parts(bytes_of(body), body.content_type)

    assert [(name, content) for name, filename, content in found[:-1]] == [
        ('workflowDefinitionId', b'fast'),
        ('workflowInstanceId', b'event-1'),
        ('publish.now', b'a=b'),
    ]
    with zipfile.ZipFile(io.BytesIO(found[-1][2])) as opened:
        assert opened.testzip() is None
        entries = opened.infolist()
        assert entries[0].filename == 'manifest.xml'
        assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}
        assert not any(entry.flag_bits & 8 for entry in entries)
        contents = {entry.filename: opened.read(entry)[:2] for entry in entries[1:]}
        package = opened.read('manifest.xml').decode()
    assert len(contents) == len(bundle.items)
    assert not [name for name in contents if name.endswith(('manifest.xml', 'index.xml'))]
    assert package == manifest(bundle)
    root = ElementTree.fromstring(package)
    named = {element.findtext(f'{{{NAMESPACE}}}url'): element.get('type') for group in root for element in group}
    assert {name: named[name] for name in contents} == dict(
        zip(contents, [item.flavor for item in bundle.items], strict=True)
    )
    assert (parse(package).id, parse(package).elements) == ('event-1', 4)


@pytest.mark.parametrize('sizes', [(GIB4 + 5, 7), (GIB4 - 1, 7), (GIB4 - 2, 7), (3 * 2**30, 3 * 2**30, 7)])
def test_a_zip_may_be_larger_than_four_gigabytes(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    members = [Member.of('manifest.xml', b'<x/>')]
    for number, size in enumerate(sizes):
        path = tmp_path / f'{number}.mkv'
        with path.open('wb') as file:
            file.truncate(size)
        crc = zlib.crc32(bytes(size)) if size < 100 else 0
        members.append(Member(path.name, Stretch(path), crc))
    with Body(archive(members, 0.0)) as body, (tmp_path / 'all.zip').open('wb') as whole:
        for piece in archive(members, 0.0):
            if isinstance(piece, Stretch):
                whole.seek(piece.size, io.SEEK_CUR)  # all zeros, so that it takes no room
            else:
                whole.write(piece)
        assert whole.tell() == body.length

    with zipfile.ZipFile(tmp_path / 'all.zip') as opened:
        assert [entry.file_size for entry in opened.infolist()] == [4, *sizes]
        assert opened.read(f'{len(sizes) - 1}.mkv') == bytes(7)
        assert opened.read('manifest.xml') == b'<x/>'
        with opened.open('0.mkv') as first:
            assert first.read(10) == bytes(10)


@pytest.mark.parametrize('make', [single, zipped])
def test_the_end_is_held_back_until_it_is_noted(
    core: FakeCore, http: Http, bundle: Bundle, make: Callable[[Bundle], Body]
) -> None:
    noted: list[int] = []
    core.answer = lambda exchange: exchange.take()
    with make(bundle) as body:
        body.before_end = lambda: noted.append(1)
        http.send(f'{core.url}/x', body, None, 60.0)
    assert noted == [1]
    assert core.calls[-1].received == int(core.calls[-1].headers['Content-Length'])
    assert 'Transfer-Encoding' not in core.calls[-1].headers


@pytest.mark.parametrize('make', [single, zipped])
def test_what_cannot_be_noted_is_not_sent_as_a_whole(
    core: FakeCore, http: Http, bundle: Bundle, make: Callable[[Bundle], Body]
) -> None:
    def refuse() -> None:
        raise RecordingsUnusable('the disk is gone')

    core.answer = lambda exchange: exchange.take()
    with make(bundle) as body:
        body.before_end = refuse
        with pytest.raises(RecordingsUnusable):
            http.send(f'{core.url}/x', body, None, 60.0)
    assert all(call.received < int(call.headers['Content-Length']) for call in core.calls)
