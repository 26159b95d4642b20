"""Uploads in one request, as a form or as a zip, over real connections: with all that belongs to them, once."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pyca import settings
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.ingest.journal import Upload, Uploads
from pyca.recording.standing import Standing
from pyca.states import EventStatus
from tests.services.upload_site import SIZES, WHOLE, Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FAILED = EventStatus.FAILED_UPLOADING
SLACK = 8_000
"""Bytes around the files in a request."""
PROPERTIES = 'org.opencastproject.capture.agent.properties'
PREFIX = 'org.opencastproject.workflow.config.'
CATALOG = (
    '<dublincore xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" xmlns:dcterms="http://purl.org/dc/terms/">'
    '<dcterms:title>Übung &amp; mehr</dcterms:title><dcterms:creator>A</dcterms:creator>'
    '<dcterms:creator>B</dcterms:creator></dublincore>'
)
BREAKS: dict[str, dict[str, Any]] = {
    'before': {'kind': Kind.DROP},
    'within': {'kind': Kind.RESET, 'bytes': 300_000},
    'with a bad gateway': {'kind': Kind.STATUS, 'status': 502},
    'with an error at once': {'kind': Kind.STATUS, 'status': 500, 'early': True},
    'with a full queue': {'kind': Kind.STATUS, 'status': 503},
    'with a page': {'kind': Kind.HTML},
    'with a login page': {'kind': Kind.LOGIN},
    'with its answer lost': {'kind': Kind.LOSE_ANSWER},
    'with half an answer': {'kind': Kind.TRUNCATE},
}


@pytest.fixture(autouse=True)
def archiving(core: StandIn) -> None:
    core.archive_after, core.finish_after = 200, 400


@pytest.fixture(params=WHOLE)
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def by(site: Site, method: str, **options: Any) -> Site:
    """Have the site upload by this method."""
    site.options = settings.Ingest(method=method, **options)
    site.start()
    return site


def test_everything_goes_in_one_request(site: Site, core: StandIn, method: str) -> None:
    by(site, method).record()
    site.run_until(DONE)

    delivery = site.the_delivery()
    assert (delivery.method, delivery.mediapackage) == (method, 'event-1')
    files = [site.folder() / f'event-1-{number}.mkv' for number in range(len(SIZES))]
    assert [track.sha256 for track in delivery.tracks] == [sha256(file.read_bytes()).hexdigest() for file in files]
    (request,) = [request for request in core.requests if request.path.endswith(WHOLE[method])]
    assert request.length == request.bytes_in  # no chunks: the length was known
    assert 'createMediaPackageWithID' not in site.calls()
    assert site.told() == ['uploading', 'upload_finished']
    assert site.row().sent == site.row().total == sum(SIZES)
    assert core.violations == []


@pytest.mark.parametrize('how', BREAKS)
def test_a_request_that_breaks_arrives_once(site: Site, core: StandIn, method: str, how: str) -> None:
    """H25, H26: what may have been accepted is asked about before everything is sent again."""
    by(site, method).record()
    fault = core.faults.add(Fault(WHOLE[method], times=1, **BREAKS[how]))

    site.run_until(DONE)

    assert fault.hits == 1
    site.the_delivery()
    assert site.sent() <= 2 * (sum(SIZES) + SLACK)
    assert site.told()[-1] == 'upload_finished'
    assert core.violations == []


def test_a_lost_answer_is_asked_about_and_nothing_sent_again(site: Site, core: StandIn, method: str) -> None:
    core.archive_after = 0
    by(site, method).record()
    core.faults.add(Fault(WHOLE[method], Kind.LOSE_ANSWER))

    site.run_until(DONE)

    site.the_delivery()
    assert site.calls()[WHOLE[method][1:]] == 1
    assert site.upload().archived is not None


@pytest.mark.parametrize('after', ['a second', 'a day'])
def test_a_request_that_breaks_before_its_end_leaves_no_doubt(
    site: Site, core: StandIn, method: str, after: str
) -> None:
    """A core that cannot be asked would have a doubtful one held."""
    core.faults.add(Fault('GET /recordings/', Kind.STATUS, status=404, times=None))
    site.sizes = (12_000_000, 12_000_000)  # more than the buffers between here and there hold
    by(site, method).record()
    fault = core.faults.add(Fault(WHOLE[method], Kind.RESET, bytes=300_000, times=1 if after == 'a second' else 5))
    while not fault.hits:
        site.clock.advance(site.service.step())
    assert site.upload().final_sent is None
    site.run(1 if after == 'a second' else 86_400, stride=3600)

    site.run_until(DONE)

    site.the_delivery()
    assert site.upload().inquiries == []


class Killed(BaseException):
    """The program is gone."""


class Diary(Uploads):
    """Keeps what was noted, with the bytes that the core had by then; may end the program at a note."""

    def __init__(self, root: Path, had: Callable[[], int], kill: Callable[[Upload], bool]) -> None:
        super().__init__(root)
        self.sent_at: list[int] = []
        self._had = had
        self._kill = kill

    def save(self, name: str, upload: Upload) -> None:
        super().save(name, upload)
        if upload.final_sent is not None and upload.accepted is None:
            self.sent_at.append(self._had())
        if self._kill(upload):
            raise Killed


def test_it_is_noted_as_sent_before_its_last_bytes_go_out(site: Site, core: StandIn, method: str) -> None:
    site.uploads = diary = Diary(site.root, site.sent, lambda upload: False)
    site.sizes = (16_000_000, 16_000_000)  # more than the buffers between here and there hold
    by(site, method).record()
    site.run_until(DONE)

    (had,) = diary.sent_at
    (request,) = [request for request in core.requests if request.path.endswith(WHOLE[method])]
    assert 4_000_000 < had < (request.length or 0)
    assert site.the_delivery()


def test_a_kill_at_the_note_is_followed_by_a_question(site: Site, core: StandIn, method: str) -> None:
    site.uploads = Diary(site.root, site.sent, lambda upload: upload.final_sent is not None)
    by(site, method).record()
    with pytest.raises(Killed):
        site.run_until(DONE)
    assert core.deliveries == []

    site.uploads = Uploads(site.root)
    site.start()
    site.run_until(DONE)

    site.the_delivery()
    assert site.calls()['mediapackage.xml'] >= 1
    assert core.violations == []


def test_a_recording_that_goes_on_is_not_made_final(site: Site, core: StandIn, method: str) -> None:
    went_on: list[str] = []

    def standing(name: str) -> Standing:
        """It goes on as soon as the final call is noted: that is the narrowest place."""
        upload = site.uploads.remembered(name)
        if upload is not None and upload.final_sent is not None:
            went_on.append(name)
        return Standing(bool(went_on), 1)

    site.standing = standing
    by(site, method).record()
    site.run(600)

    assert core.deliveries == []
    assert site.upload().final_sent is None
    assert site.row().status is EventStatus.RECORDING


# -- what goes along ---------------------------------------------------------------------------------------------------


def properties(**more: str) -> dict[str, str]:
    """The agent properties of an event, as its calendar entry carries them."""
    lines = {'org.opencastproject.workflow.definition': 'fast', **{PREFIX + name: text for name, text in more.items()}}
    return {PROPERTIES: ''.join(f'{name}={text}\n' for name, text in lines.items())}


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
def test_the_workflow_gets_its_parameters_without_their_prefix(site: Site, core: StandIn, method: str) -> None:
    """H28: keys with dots, values with equals signs."""
    wanted = {'publish.to.youtube': 'true', 'formula': 'a=b=c', 'straightToPublishing': ''}
    by(site, method).record(attached=properties(**wanted))
    site.run_until(DONE)

    delivery = site.the_delivery()
    assert delivery.workflow == 'fast'
    assert {name: delivery.properties[name] for name in ('publish.to.youtube', 'formula')} == {
        'publish.to.youtube': 'true',
        'formula': 'a=b=c',
    }
    assert core.violations == []


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
def test_no_parameter_takes_the_place_of_a_field(site: Site, core: StandIn, method: str) -> None:
    names = ['mediaPackage', 'workflowDefinitionId', 'workflowInstanceId']
    if method == 'single':
        names += ['flavor', 'identifier', 'title', 'tag', 'acl', 'seriesDCCatalog']
    by(site, method).record(attached=properties(fine='1', **dict.fromkeys(names, 'evil')))
    site.run_until(DONE)

    delivery = site.the_delivery()
    assert delivery.workflow == 'fast'
    assert delivery.properties['fine'] == '1'
    assert 'evil' not in delivery.properties.values()
    assert core.violations == []


def test_a_single_request_without_a_workflow_has_no_parameters(site: Site, core: StandIn) -> None:
    """Trap 31: the core would drop them in silence."""
    by(site, 'single').record(attached={PROPERTIES: f'{PREFIX}fine=1\n'})
    site.run_until(DONE)

    assert site.the_delivery().fields == {}
    assert core.violations == []


@pytest.mark.parametrize('title', ['', '  ', 'Analysis'])
def test_a_single_request_always_has_a_title(site: Site, core: StandIn, title: str) -> None:
    by(site, 'single').record(title=title)
    site.run_until(DONE)

    (episode,) = site.the_delivery().catalogs
    text = episode.path.read_text()
    assert f'<dcterms:title>{title.strip() or "Recording of 1970-01-12 13:46 UTC"}</dcterms:title>' in text
    assert core.violations == []


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
def test_a_catalog_in_the_folder_goes_along(site: Site, core: StandIn, method: str) -> None:
    by(site, method).record(attached={'episode.xml': '<dublincore/>', 'series.xml': '<dublincore/>'})
    (site.folder() / 'episode.xml').write_text(CATALOG)
    site.run_until(DONE)

    (episode,) = site.the_delivery().catalogs
    text = episode.path.read_text()
    assert episode.flavor == 'dublincore/episode'
    assert '<dcterms:title>Übung &amp; mehr</dcterms:title>' in text
    assert text.count('<dcterms:creator>') == 2
    assert core.violations == []


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
def test_the_catalogs_of_the_calendar_go_along_where_that_is_wanted(site: Site, method: str) -> None:
    by(site, method, upload_catalogs=True).record(attached={'episode.xml': CATALOG, 'series.xml': CATALOG})
    (site.folder() / 'series.xml').write_text(CATALOG.replace('Übung', 'Series'))
    site.run_until(DONE)

    found = {catalog.flavor: catalog.path.read_text() for catalog in site.the_delivery().catalogs}
    assert sorted(found) == ['dublincore/episode', 'dublincore/series']
    assert 'Series &amp; mehr' in found['dublincore/series']  # the one in the folder is newer


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
@pytest.mark.parametrize(
    'content', [b'<dublincore', b'', b'\xff\xfe<', b'<!DOCTYPE x []><x/>', b' ' * (4 << 20) + b'<x/>']
)
def test_what_is_no_catalog_keeps_no_lecture_back(site: Site, method: str, content: bytes) -> None:
    by(site, method).record()
    (site.folder() / 'episode.xml').write_bytes(content)
    site.run_until(DONE)

    site.the_delivery()
    assert 'episode.xml' in site.row().cause


def test_a_catalog_that_the_core_refuses_keeps_no_lecture_back(site: Site, core: StandIn) -> None:
    by(site, 'multi').record()
    (site.folder() / 'episode.xml').write_text(CATALOG)
    core.faults.add(Fault('/addDCCatalog', Kind.STATUS, status=400, times=None))
    site.run_until(DONE, within=3600)

    assert not site.the_delivery().catalogs
    assert 'the core does not take it: episode.xml' in site.row().cause
    assert site.calls()['addDCCatalog'] == 3


def test_an_attachment_that_the_core_refuses_keeps_no_lecture_back(site: Site, core: StandIn) -> None:
    site.attachments = (('log.txt', 'text/log'),)
    by(site, 'multi').record()
    (site.folder() / 'log.txt').write_text('all went well')
    core.faults.add(Fault('/addAttachment', Kind.STATUS, status=400, times=None))
    site.run_until(DONE, within=3600)

    site.the_delivery()
    assert 'the core does not take it: log.txt' in site.row().cause


def test_a_catalog_that_the_core_fails_to_take_for_a_while_goes_along(site: Site, core: StandIn) -> None:
    by(site, 'multi').record()
    (site.folder() / 'episode.xml').write_text(CATALOG)
    core.faults.add(Fault('/addDCCatalog', Kind.STATUS, status=500, times=6))
    core.faults.add(Fault('/addDCCatalog', Kind.STATUS, status=400, times=2))
    site.run_until(DONE, within=3600)

    assert [catalog.flavor for catalog in site.the_delivery().catalogs] == ['dublincore/episode']


def test_a_catalog_that_is_not_wanted_any_more_is_not_sent(site: Site, core: StandIn) -> None:
    """A person has seen that the core refuses it, and has turned the option off."""
    by(site, 'multi', upload_catalogs=True).record(attached={'episode.xml': CATALOG})
    core.faults.add(Fault('/addDCCatalog', Kind.STATUS, status=500, times=None))
    site.run(600)
    assert site.calls()['addDCCatalog']
    by(site, 'multi')
    asked = site.calls()['addDCCatalog']
    site.run_until(DONE, within=3600)

    site.the_delivery()
    assert site.calls()['addDCCatalog'] == asked


@pytest.mark.parametrize('method', ['multi', 'zip'])
def test_attachments_go_along_as_far_as_they_are_there(site: Site, core: StandIn, method: str) -> None:
    site.attachments = (('slides.pdf', 'presentation/slides'), ('notes.txt', 'text/notes'))
    by(site, method).record()
    (site.folder() / 'slides.pdf').write_bytes(b'%PDF')
    site.run_until(DONE)

    (attachment,) = site.the_delivery().attachments
    assert (attachment.flavor, attachment.filename, attachment.size) == ('presentation/slides', 'slides.pdf', 4)
    assert core.violations == []


def test_an_id_that_no_media_package_can_have_goes_the_usual_way(site: Site, core: StandIn, method: str) -> None:
    """It could be tied to its event by nothing else."""
    by(site, method).record('lecture 1')
    site.run_until(DONE, uid='lecture 1')

    (delivery,) = core.deliveries
    assert (delivery.uid, delivery.method, delivery.matched_event) == ('lecture 1', 'multi', True)


def test_an_upload_that_was_begun_one_way_is_ended_that_way(site: Site, core: StandIn, method: str) -> None:
    site.record()
    core.faults.add(Fault('/addTrack', Kind.DROP, after=1))
    site.run_until(FAILED)
    by(site, method)
    site.run_until(DONE)

    assert site.the_delivery().method == 'multi'
    assert core.violations == []


def test_a_file_that_was_changed_after_it_was_summed_up_is_summed_up_anew(site: Site, core: StandIn) -> None:
    by(site, 'zip').record()
    core.faults.add(Fault(WHOLE['zip'], Kind.STATUS, status=503))
    site.run_until(FAILED)
    path = site.folder() / 'event-1-0.mkv'
    path.write_bytes(path.read_bytes()[::-1])
    site.run_until(DONE)

    assert site.the_delivery().tracks[0].sha256 == sha256(path.read_bytes()).hexdigest()


def test_a_core_that_says_that_it_is_at_work_is_not_sent_it_again(site: Site, core: StandIn, method: str) -> None:
    by(site, method).record()
    core.faults.add(Fault(WHOLE[method], Kind.STATUS, status=409))
    site.run(3600)
    assert site.calls()[WHOLE[method][1:]] == 1

    core.archive('event-1')
    site.run_until(DONE)
