"""Media packages, and what pretends to be one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyca.errors import NotUnderstood
from pyca.opencast.mediapackage import parse
from pyca.opencast.names import upload_name

EMPTY = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><mediapackage id="68b1" start="2025-06-05T08:00:00Z" '
    'xmlns="http://mediapackage.opencastproject.org"><media/><metadata/><attachments/><publications/></mediapackage>'
)
FULL = EMPTY.replace('<media/>', '<media><track id="a"/><track id="b"/></media>').replace(
    '<metadata/>', '<metadata><catalog id="c"/></metadata>'
)
PREFIXED = (
    '<oc:mediapackage xmlns:oc="http://mediapackage.opencastproject.org" id="68b1">'
    '<oc:media><oc:track/></oc:media></oc:mediapackage>'
)


@pytest.mark.parametrize(('xml', 'elements'), [(EMPTY, 0), (FULL, 3), (PREFIXED, 1)])
def test_a_media_package_is_kept_as_it_came(xml: str, elements: int) -> None:
    package = parse(xml, expect_id='68b1')

    assert (package.xml, package.id, package.elements) == (xml, '68b1', elements)


@pytest.mark.parametrize(
    ('xml', 'why'),
    [
        ('', 'no XML'),
        ('fine', 'no XML'),
        (EMPTY[:-5], 'no XML'),
        ('<html xmlns="http://www.w3.org/1999/xhtml"/>', 'instead of a media package'),
        (EMPTY.replace('xmlns=', 'title='), 'instead of a media package'),
        (EMPTY.replace('opencastproject', 'example'), 'instead of a media package'),
        (EMPTY.replace('id="68b1"', 'id=" "'), 'without an id'),
        (EMPTY.replace('id="68b1"', ''), 'without an id'),
        (EMPTY.replace('68b1', '68b2'), '68b2 instead of 68b1'),
        (EMPTY.replace('<mediapackage ', '<!DOCTYPE mediapackage><mediapackage '), 'document type'),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>', 'document type'),
    ],
)
def test_everything_else_is_not_understood(xml: str, why: str) -> None:
    """Traps 2 and 26: the core itself would take most of these."""
    with pytest.raises(NotUnderstood, match=why):
        parse(xml, expect_id='68b1')


@pytest.mark.parametrize('before', [EMPTY, FULL, FULL.replace('<catalog id="c"/>', '')])
def test_a_package_must_have_grown_by_one(before: str) -> None:
    package = parse(before)

    if package.elements == 2:
        assert parse(FULL, grown_from=package).elements == 3
    else:
        with pytest.raises(NotUnderstood, match='elements'):
            parse(FULL, grown_from=package)


@settings(deadline=None)
@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(text)


@pytest.mark.parametrize(
    ('name', 'sent'),
    [
        ('camera.mp4', 'camera.mp4'),
        ('Kamera für "A/B".mp4', 'Kamera_f_r__A_B_.mp4'),
        ('🎥.mkv', '_.mkv'),
        ('x' * 200 + '.webm', 'x' * 70 + '.webm'),
        ('x' * 200, 'x' * 75),
        ('.hidden', '.hidden'),
        ('a.' + 'y' * 100, 'a.' + 'y' * 73),
    ],
)
def test_file_names_are_such_that_every_core_takes_them(name: str, sent: str) -> None:
    """Trap 25."""
    assert upload_name(name) == sent
