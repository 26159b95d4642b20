"""The whole program with another upload method, and with uploads that give way to recordings."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pyca.demo.standin import StandIn
from tests.program.agent import ROOT, Agent, MakeAgent, ScheduleEvent, wait_for
from tests.program.machine import spare
from tests.program.test_lecture import delivered, the

CATALOG = '<dublincore xmlns:dcterms="http://purl.org/dc/terms/"><dcterms:title>Ours</dcterms:title></dublincore>'


@pytest.mark.parametrize('method', ['single', 'zip'])
def test_a_lecture_arrives_once_by_each_method(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, method: str
) -> None:
    """With a catalog that its command wrote, its attachment where that is possible, and its parameters."""
    attached = method == 'zip'
    agent = make_agent(ingest={'method': method})
    counter = agent.sections['capture']['command']
    (agent.folder / 'episode.xml').write_text(CATALOG)
    written = f'cp {agent.folder}/episode.xml {{{{dir}}}}; echo x > {{{{dir}}}}/notes.txt; exec {counter}'
    agent.sections['capture']['command'] = f'sh -c "{written}"'
    if attached:
        agent.sections['capture'] |= {'attachments': '{{dir}}/notes.txt,', 'attachment_flavors': 'text/notes,'}
    uid = schedule(7, 4, workflow='fast', properties={'org.opencastproject.workflow.config.a.b': 'c=d'})
    agent.start()

    wait_for(delivered(core, uid))
    agent.stop()

    delivery = the(core, uid)
    assert (delivery.method, delivery.workflow, delivery.properties['a.b']) == (method, 'fast', 'c=d')
    (file,) = agent.recordings.glob(f'*{uid}/*.dat')
    assert delivery.tracks[0].size == file.stat().st_size
    assert ['Ours' in catalog.path.read_text() for catalog in delivery.catalogs] == [True]
    assert [attachment.flavor for attachment in delivery.attachments] == (['text/notes'] if attached else [])
    assert core.violations == []


def cause(agent: Agent, uid: str) -> str:
    """What `pyca report` says of an event."""
    words = [sys.executable, '-m', 'pyca', '-c', str(agent.configuration), 'report', '--json']
    said = subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout
    return ''.join(event['cause'] for event in json.loads(said)['events'] if event['uid'] == uid)


def test_an_upload_gives_way_to_the_next_lecture(core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent) -> None:
    """The first one waits until the second is over; the report says why meanwhile."""
    agent = make_agent(ingest={'pause_while_capturing': 'true'}, capture={'overlap': 'parallel'})
    first = schedule(7, 5)
    second = schedule(9, 24 + spare())
    agent.start()
    wait_for(agent.writing)

    wait_for(lambda: 'waits until the recording under way is over' in cause(agent, first))
    wait_for(delivered(core, first, second), limit=150)
    agent.stop()

    over = core.events[second].end
    assert [delivery.at >= over - 1 for delivery in core.deliveries] == [True, True]
    assert core.violations == []
