"""Capture admin: states of agents, their configuration, states of recordings (contract 5)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from pyca.demo import configuration, version2
from pyca.demo.answers import Answer, Route, json, not_found, text, xml
from pyca.demo.exchange import Exchange
from pyca.demo.model import AGENT_STATES, RECORDING_STATES, Model
from pyca.demo.records import Agent
from pyca.demo.shapes import DECLARATION, Json, dumps, items, wrapped, xml_items

UTIL = 'xmlns="http://util.opencastproject.org"'
ADMIN = 'xmlns:ns2="http://capture.admin.opencastproject.org"'
UNSAFE = {ord(character): f'\\u{ord(character):04x}' for character in "<>&'="}


def set_agent(exchange: Exchange, name: str) -> Answer:
    fields = exchange.form()
    state, address = fields.get('state', ''), fields.get('address', '') or exchange.peer
    model = exchange.model
    if state not in AGENT_STATES and not (model.version2 and state in version2.STATES):
        return Answer(400)
    if len(name) > 128:
        return Answer(500)
    with model.lock:
        agent = model.register(name)
        same = (agent.state, agent.address) == (state, address)
        agent.state, agent.address = state, address
        agent.history.append((model.now(), state))
        if state != 'unknown':
            agent.heard = model.now()
    return text('' if same else f'{name} set to {state}', content_type='text/html')


def _shape(agent: Agent, now: float) -> Json:
    return {
        'name': agent.name,
        'state': agent.state,
        'url': agent.address,
        'time-since-last-update': str(round((now - agent.heard) * 1000)),
        'capabilities': items(agent.capabilities()),
    }


def _agent_xml(agent: Agent, now: float, tag: str) -> str:
    shape = _shape(agent, now)
    parts = ''.join(f'<ns2:{key}>{escape(value)}</ns2:{key}>' for key, value in shape.items() if key != 'capabilities')
    return f'{tag}{parts}<ns2:capabilities>{xml_items(agent.capabilities())}</ns2:capabilities>'


def get_agent(exchange: Exchange, name: str, kind: str) -> Answer:
    model = exchange.model
    with model.lock:
        agent = model.agent(name)
        if agent is None:
            return not_found()
        if kind == 'json':
            return json({'agent-state-update': _shape(agent, model.now())})
        inner = _agent_xml(agent, model.now(), f'<ns2:agent-state-update {UTIL} {ADMIN}>')
        return xml(f'{DECLARATION}{inner}</ns2:agent-state-update>')


def _visible(agent: Agent, roles: tuple[str, ...]) -> bool:
    return not agent.scheduler_roles or 'ROLE_ADMIN' in roles or bool(agent.scheduler_roles.intersection(roles))


def list_agents(exchange: Exchange, kind: str) -> Answer:
    model = exchange.model
    with model.lock:
        known = [agent for name in sorted(model.agents) if (agent := model.agent(name))]
        agents = [agent for agent in known if _visible(agent, exchange.roles)]
        if kind == 'json':
            return json({'agents': wrapped('agent', [_shape(agent, model.now()) for agent in agents])})
        inner = ''.join(_agent_xml(agent, model.now(), '<ns2:agent>') + '</ns2:agent>' for agent in agents)
        return xml(f'{DECLARATION}<ns2:agents {UTIL} {ADMIN}>{inner}</ns2:agents>')


def delete_agent(exchange: Exchange, name: str) -> Answer:
    with exchange.model.lock:
        if exchange.model.agents.pop(name, None) is None:
            return not_found()
    return text(f'{name} removed', content_type='text/html')


def _properties(properties: Mapping[str, str], kind: str) -> Answer:
    if kind == 'json':
        return json({'properties-response': {'properties': items(properties)}})
    return xml(
        f'{DECLARATION}<ns2:properties-response {UTIL} xmlns:ns2="http://common.opencastproject.org">'
        f'<ns2:properties>{xml_items(properties)}</ns2:properties></ns2:properties-response>'
    )


def get_properties(exchange: Exchange, name: str, which: str, kind: str) -> Answer:
    with exchange.model.lock:
        agent = exchange.model.agent(name)
        if agent is None:
            return not_found()
        return _properties(agent.capabilities() if which == 'capabilities' else agent.configuration, kind)


def set_configuration(exchange: Exchange, name: str) -> Answer:
    given = exchange.form().get('configuration', '')
    model = exchange.model
    try:
        properties = configuration.read(given)
        kept = version2.accept(properties) if model.version2 else properties
    except configuration.Malformed:
        return Answer(400)
    except version2.Unfit as error:
        return text(str(error), 400)
    except configuration.NullValue:
        return Answer(500)
    with model.lock:
        agent = model.register(name)
        agent.configuration = kept
        agent.extended = version2.capabilities(kept) if model.version2 else {}
        agent.heard = model.now()
        model.strict.configuration(name, properties)
    if given.startswith('{'):
        return text(dumps(properties).translate(UNSAFE), content_type='application/json')
    return _properties(properties, 'xml')


def set_recording(exchange: Exchange, uid: str) -> Answer:
    state = exchange.form().get('state', '')
    if state not in RECORDING_STATES:
        return Answer(400)
    model = exchange.model
    with model.lock:
        event = model.event(uid)
        if event is None:
            model.strict.unknown_recording(uid)
            return not_found()
        history = model.recordings[uid]
        model.strict.recording_state(uid, state, ended=model.now() >= event.end, before=history)
        history.append((model.now(), state))
    return text(f'{uid} set to {state}')


def _recording(model: Model, uid: str) -> dict[str, str] | None:
    history = model.recordings.get(uid)
    if not history:
        return None
    heard, state = history[-1]
    return {'name': uid, 'state': state, 'time-since-last-update': str(round((model.now() - heard) * 1000))}


def get_recording(exchange: Exchange, uid: str, kind: str) -> Answer:
    with exchange.model.lock:
        found = _recording(exchange.model, uid)
    if found is None:
        return not_found()
    if kind == 'json':
        return json({'recording-state-update': found})
    inner = ''.join(f'<ns2:{key}>{escape(value)}</ns2:{key}>' for key, value in found.items())
    return xml(f'{DECLARATION}<ns2:recording-state-update {ADMIN}>{inner}</ns2:recording-state-update>')


def list_recordings(exchange: Exchange) -> Answer:
    with exchange.model.lock:
        found = [entry for uid in exchange.model.recordings if (entry := _recording(exchange.model, uid))]
    inner = ''.join(
        '<ns2:recording-state-update>'
        + ''.join(f'<ns2:{key}>{escape(value)}</ns2:{key}>' for key, value in entry.items())
        + '</ns2:recording-state-update>'
        for entry in found
    )
    return xml(f'{DECLARATION}<ns2:recordings {ADMIN}>{inner}</ns2:recordings>')


def delete_recording(exchange: Exchange, uid: str) -> Answer:
    with exchange.model.lock:
        history = exchange.model.recordings.get(uid)
        if history is None:
            return not_found()
        history.clear()
    return text(f'{uid} removed')


AGENTS = '/capture-admin/agents'
RECORDINGS = '/capture-admin/recordings'
ROUTES = (
    Route('GET', rf'{AGENTS}\.(json|xml)', list_agents),
    Route('GET', rf'{AGENTS}/([^/]+)/(capabilities|configuration)\.(json|xml)', get_properties),
    Route('POST', rf'{AGENTS}/([^/]+)/configuration', set_configuration, guide=True, form=True),
    Route('GET', rf'{AGENTS}/([^/]+)\.(json|xml)', get_agent),
    Route('POST', rf'{AGENTS}/([^/]+)', set_agent, 'text/html', guide=True, form=True),
    Route('DELETE', rf'{AGENTS}/([^/]+)', delete_agent, 'text/html'),
    Route('GET', RECORDINGS, list_recordings, 'text/xml'),
    Route('GET', rf'{RECORDINGS}/([^/]+)\.(json|xml)', get_recording),
    Route('POST', rf'{RECORDINGS}/([^/]+)', set_recording, guide=True, form=True),
    Route('DELETE', rf'{RECORDINGS}/([^/]+)', delete_recording),
)
