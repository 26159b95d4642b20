"""What people have done with the real program, through the web interface of another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from pyca import config
from pyca.clock import SystemClock
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.storage.database import Database
from pyca.ui.application import create_app
from tests.program.agent import ROOT, Agent, stamps, wait_for
from tests.program.machine import held_up, spare

LOGIN = ('admin', 'opencast')
JSON = {'Content-Type': 'application/vnd.api+json'}
SOON = 6.0
"""Seconds in which an order is obeyed on a machine that runs other tests as well; on a quiet one it takes two."""


@pytest.fixture
def visit() -> Iterator[Callable[[Agent], FlaskClient]]:
    """The web interface of an agent."""
    opened: list[Database] = []

    def make(agent: Agent) -> FlaskClient:
        settings, clock = config.load(str(agent.configuration)), SystemClock()
        opened.append(Database(settings.agent.database, clock))
        return create_app(settings, opened[-1], clock).test_client()

    yield make
    for database in opened:
        database.close()


def ask(web: FlaskClient, path: str) -> dict[str, Any]:
    answer = web.get(path, auth=LOGIN)
    assert answer.status_code == 200, answer.text
    meta: dict[str, Any] = answer.json['meta'] if answer.json else {}
    return meta


def want(web: FlaskClient, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """What is answered to an order, however long that takes."""
    answer = web.post(path, json=body, headers=JSON, auth=LOGIN)
    status, said = answer.status_code, answer.json
    while status == 202:
        assert said is not None
        answer = web.get(f'/api/orders/{said["meta"]["order"]}', auth=LOGIN)
        said, status = answer.json, 202 if answer.json and answer.json['meta']['state'] == 'open' else 200
    assert said is not None
    return status, said['errors'][0] if 'errors' in said else said['meta']


def test_a_recording_is_begun_and_ended_on_the_spot_with_the_core_away(
    make_agent: Callable[..., Agent], core: StandIn, visit: Callable[[Agent], FlaskClient]
) -> None:
    core.faults.add(Fault('', Kind.DROP, times=None))
    agent = make_agent()
    agent.start()
    web = visit(agent)
    wait_for(lambda: web.get('/healthz', auth=LOGIN).status_code == 200, 'the capture service is not there')

    asked = time.time()
    status, said = want(web, '/api/recordings', {'data': [{'minutes': 30, 'title': 'Visitors'}]})
    assert status == 200, said
    wait_for(agent.writing, 'nothing is recorded')
    assert stamps(agent.media()[0].read_bytes())[0] - asked < SOON + spare() + held_up(asked)

    wait_for(lambda: ask(web, '/api/status')['running'], 'the page does not show it')
    [running] = ask(web, '/api/status')['running']
    assert (running['title'], running['uid'], running['unscheduled']) == ('Visitors', said['uid'], True)

    status, answer = want(web, f'/api/events/{said["uid"]}/end')
    assert status == 200, answer
    wait_for(lambda: ask(web, '/api/status')['uploads'], 'the recording does not end')
    [upload] = ask(web, '/api/status')['uploads']
    assert upload['needs_decision'] is False
    story = ask(web, f'/api/events/{said["uid"]}/story')
    assert {'recorder_started', 'signal_sent', 'recorder_ended'} <= {step['code'] for step in story['steps']}
    assert core.deliveries == []

    core.faults.clear()
    wait_for(lambda: core.deliveries, 'nothing is delivered', limit=120)
    wait_for(lambda: ask(web, f'/api/events/{said["uid"]}/story')['outcome'] == 'delivered', 'it is not shown')
    story = ask(web, f'/api/events/{said["uid"]}/story')
    [delivery] = core.deliveries
    assert (story['core_event'], story['unscheduled']) == (delivery.uid, True)
    assert (delivery.uid, delivery.matched_event, delivery.fields) == (said['uid'], False, {})
    assert agent.stop() == 0
    assert [request.path for request in core.requests if '/capture-admin/recordings/' in request.path] == []
    assert core.violations == []


def test_the_command_line_begins_and_ends_a_recording(make_agent: Callable[..., Agent], core: StandIn) -> None:
    agent = make_agent(ingest={'workflow': 'fast'})

    def say(*words: str) -> tuple[int, str]:
        command = [sys.executable, '-W', 'error', '-m', 'pyca', '-c', str(agent.configuration), 'record', *words]
        environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, env=environment)
        assert 'Traceback' not in done.stderr
        return done.returncode, done.stdout + done.stderr

    assert say('--minutes', '30')[0] == 10
    agent.start()
    wait_for(lambda: 'The agent is not running' not in say('--stop')[1], 'the capture service is not there')
    code, said = say('--minutes', '30', '--title', 'Visitors')
    assert code == 0, said
    wait_for(agent.writing, 'nothing is recorded')
    assert said.startswith('The recorder of "Visitors" ('), said
    assert say('--minutes', '5') == (10, 'pyca: Visitors has the device.\n')
    code, said = say('--extend', '5')
    assert (code, 'It is recorded until' in said) == (0, True), said
    code, said = say('--stop')
    assert (code, 'was ended' in said) == (0, True), said

    wait_for(lambda: core.deliveries, 'nothing is delivered')
    assert agent.stop() == 0
    code, said = say('--stop')
    assert (code, 'The agent is not running' in said) == (10, True), said
    [delivery] = core.deliveries
    assert (delivery.workflow, delivery.fields) == ('fast', {'workflowDefinitionId': 'fast'})
    assert core.violations == []


def test_what_the_core_has_scheduled_first_is_delivered_as_that_event(
    make_agent: Callable[..., Agent], core: StandIn, visit: Callable[[Agent], FlaskClient]
) -> None:
    agent = make_agent(capture={'schedule_first': True})
    agent.start()
    web = visit(agent)
    wait_for(lambda: web.get('/healthz', auth=LOGIN).status_code == 200, 'the capture service is not there')
    status, said = want(web, '/api/recordings', {'data': [{'minutes': 30, 'title': 'Visitors'}]})
    assert (status, 'unannounced' in said) == (200, False), said
    [event] = core.model.events.values()
    assert (event.uid, event.title) == (said['uid'], 'Visitors')
    wait_for(lambda: core.recordings.get(event.uid), 'the core is told no state')

    def calendar_has_it() -> bool:
        return not ask(web, f'/api/events/{event.uid}/story')['unscheduled'] and any(
            'calendars' in request.path and request.at > event.start + 6 for request in core.requests
        )

    wait_for(calendar_has_it, 'the calendar is not fetched')
    assert want(web, f'/api/events/{event.uid}/end')[0] == 200
    wait_for(lambda: core.deliveries, 'nothing is delivered')
    wait_for(lambda: core.recordings[event.uid][-1][1] == 'upload_finished', 'the core is not told the end')
    assert agent.stop() == 0
    [delivery] = core.deliveries
    assert (delivery.uid, delivery.matched_event) == (event.uid, True)
    assert delivery.fields['workflowInstanceId'] == event.uid
    assert len(list(agent.recordings.glob('recording-*'))) == 1
    assert core.violations == []


def test_a_lecture_is_extended_and_shown_until_it_is_delivered(
    make_agent: Callable[..., Agent],
    core: StandIn,
    schedule: Callable[..., str],
    visit: Callable[[Agent], FlaskClient],
) -> None:
    agent = make_agent()
    uid = schedule(-1, 600, title='Analysis')
    agent.start()
    web = visit(agent)
    wait_for(agent.writing, 'nothing is recorded')
    wait_for(lambda: ask(web, '/api/status')['running'], 'the page does not show it')
    before = ask(web, '/api/status')
    assert before['verdict']['kind'] in ('ok', 'attention')

    status, said = want(web, f'/api/events/{uid}/extend', {'data': [{'minutes': 5}]})
    assert (status, said['state']) == (200, 'done')
    end = before['running'][0]['end'] + 300
    wait_for(lambda: ask(web, '/api/status')['running'][0]['end'] == end, 'the new end is not shown')

    assert want(web, f'/api/events/{uid}/end')[0] == 200
    wait_for(lambda: core.deliveries, 'nothing is delivered')
    wait_for(lambda: ask(web, f'/api/events/{uid}/story')['status'] == 'finished uploading', 'it is not shown')
    story = ask(web, f'/api/events/{uid}/story')
    assert {'recorder_started', 'recorder_ended', 'final_call', 'accepted'} <= {step['code'] for step in story['steps']}
    assert all(file['sent'] for file in story['files'])
    contact = ask(web, '/api/status')['machine']['contact']
    assert contact['upload'] is not None
    wait_for(lambda: ask(web, '/api/status')['machine']['contact']['state'], 'no contact is shown', limit=90)
    assert agent.stop() == 0
