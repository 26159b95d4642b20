"""Finds what a careful agent would not do, even where Opencast says 200 (contract 11, "Strict mode")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from pyca.demo.selection import INPUTS

YEAR_2001 = 978_307_200_000
INGEST = 'org.opencastproject.ingest'


class Strict:
    """Collects findings as sentences. Called with the model's lock held, or from one thread."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        """Whether a media package that is none of this core's is refused, too."""
        self.findings: list[str] = []
        self.canaries = {'CHANGE_ME'}
        self._packages: dict[str, list[str]] = {}
        self._hosts: dict[str, str] = {}
        self._asked_for_ingest = False
        self._unknown: set[str] = set()
        self._calendars: dict[str, tuple[set[str], str | None]] = {}
        self._catalogs: set[str] = set()
        self._asked: dict[str, bool] = {}
        self._requests: dict[str, list[bool]] = {}

    def find(self, sentence: str) -> None:
        """Note a finding, each once."""
        if sentence not in self.findings:
            self.findings.append(sentence)

    # -- login ----------------------------------------------------------------------------------------------------

    def session(self, user: str, *, new: bool) -> None:
        """A request with a login came in; `new` = it had no session of this core."""
        seen = self._requests.setdefault(user, [])
        seen.append(new)
        if len(seen) >= 20 and sum(seen) > len(seen) / 2:
            self.find(f'{user} opens a new session with most requests instead of keeping its cookies.')

    def login_page(self) -> None:
        self.find('The redirect to the login page was followed.')

    def credentials(self, node: str) -> None:
        self.find(f'Credentials were sent to {node}, which the registry does not name.')

    # -- agent ----------------------------------------------------------------------------------------------------

    def configuration(self, agent: str, properties: Mapping[str, str]) -> None:
        if any(canary in value for value in properties.values() for canary in self.canaries):
            self.find(f'The configuration of {agent} has a secret in it.')
        if len(properties) < 2:
            self.find(f'The configuration of {agent} has fewer than two keys, which others trip over.')
        if any(name != name.strip() for name in properties.get(INPUTS, '').split(',')):
            self.find(f'The inputs of {agent} have blanks around their names, which count there.')

    def unknown_recording(self, uid: str) -> None:
        if uid in self._unknown:
            self.find(f'A state for the recording {uid}, which this core does not know, was sent again.')
        self._unknown.add(uid)

    def recording_state(self, uid: str, state: str, *, ended: bool, before: Sequence[tuple[float, str]]) -> None:
        """`ended` = the event is over; `before` = the states that came earlier."""
        finished = any(earlier in ('capture_finished', 'capture_error') for _, earlier in before)
        if state == 'uploading' and not ended and not finished:
            self.find(f'"uploading" was posted for {uid} before the recording ended.')

    # -- calendar -------------------------------------------------------------------------------------------------

    def calendar_asked(self, agent: str, etag: str | None, cutoff: str | None) -> None:
        if cutoff is not None and cutoff.lstrip('-').isdigit() and int(cutoff) < YEAR_2001:
            self.find(f'cutoff={cutoff} is a time before 2001: it must be absolute and in milliseconds.')
        if etag is None:
            return
        known, last_cutoff = self._calendars.get(agent, (set(), None))
        if etag.startswith(('"', 'W/')):
            self.find(f'The calendar of {agent} was asked for with a quoted ETag.')
        elif etag not in known:
            self.find(f'The calendar of {agent} was asked for with an ETag that was never given: {etag}.')
        elif cutoff != last_cutoff:
            self.find(f'The calendar of {agent} was asked for with an ETag, but another cutoff than that of the ETag.')

    def calendar_given(self, agent: str, etag: str, cutoff: str | None) -> None:
        known, _ = self._calendars.get(agent, (set(), None))
        self._calendars[agent] = (known | {etag}, cutoff)

    def catalog_given(self, text: bytes) -> None:
        self._catalogs.add(hashlib.sha256(text).hexdigest())

    # -- ingest ---------------------------------------------------------------------------------------------------

    def registry_asked(self, service: str) -> None:
        self._asked_for_ingest |= service == INGEST

    def package_begun(self, uid: str, node: str) -> None:
        if not self._asked_for_ingest:
            self.find('An upload began without asking the registry for the ingest endpoint again.')
        self._asked_for_ingest = False
        self._hosts[uid] = node
        self._packages.setdefault(uid, [])

    def package_given(self, uid: str, xml: str) -> None:
        """An answer with this media package went out whole."""
        self._packages.setdefault(uid, []).append(xml)

    def package_sent(self, uid: str, xml: str, node: str) -> bool:
        """A media package came in; tells whether it is one of this core's."""
        given = self._packages.get(uid)
        if given is None:
            self.find(f'The media package {uid} was never made here.')
            return False
        if self._hosts.get(uid, node) != node:
            self.find(f'The calls for the media package {uid} went to different hosts.')
        if xml not in given:
            self.find(f'The media package {uid} was changed on its way.')
        elif xml != given[-1]:
            self.find(f'The media package {uid} is not the last one returned.')
        return True

    def not_a_package(self, reason: str) -> None:
        self.find(f'What was sent as media package is none: {reason}.')

    def after_the_file(self, names: Iterable[str]) -> None:
        for name in names:
            self.find(f'The field {name} came after the file, where no server sees it.')

    def download(self, address: str) -> None:
        self.find(f'The core was asked to fetch {address}: it must not connect to the agent.')

    def dropped(self, names: Iterable[str]) -> None:
        """Workflow properties came with a request that names no workflow in its path."""
        for name in names:
            self.find(f'The workflow property {name} was dropped: addMediaPackage wants the workflow in its path.')

    def elements(self, uid: str, hashes: Sequence[tuple[str, str, str]]) -> None:
        """All elements of a media package as (kind, flavor, SHA-256)."""
        if len(set(hashes)) != len(hashes):
            self.find(f'The media package {uid} has the same file twice.')

    def catalog_sent(self, sha256: str) -> None:
        if sha256 in self._catalogs:
            self.find('A catalog of the calendar was uploaded unchanged.')

    def workflow(self, name: str, known: Iterable[str]) -> None:
        if name and name not in known:
            self.find(f'The workflow {name} is not known; the default ran instead.')

    def accepted(self, uid: str) -> None:
        self._asked[uid] = False

    def asked(self, uid: str) -> None:
        """Somebody looked whether the scheduler still owns the event."""
        if uid in self._asked:
            self._asked[uid] = True

    def ingest(self, uid: str) -> None:
        """A final call for an event, or a media package, came in."""
        if self._asked.get(uid) is False:
            self.find(f'The final call for {uid} was repeated after it was accepted, without asking first.')
        if uid in self._asked:
            self._asked[uid] = False
