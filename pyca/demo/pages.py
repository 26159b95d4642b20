"""The page for people who look at the stand-in core with a browser."""

from __future__ import annotations

from datetime import datetime
from html import escape

from pyca.demo.answers import Answer, Route, page
from pyca.demo.exchange import Exchange
from pyca.demo.selection import INPUTS


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime('%H:%M:%S')


def _table(heading: str, head: list[str], rows: list[list[str]]) -> str:
    top = ''.join(f'<th>{escape(cell)}</th>' for cell in head)
    lines = ''.join('<tr>' + ''.join(f'<td>{escape(cell)}</td>' for cell in row) + '</tr>' for row in rows)
    return f'<h2>{escape(heading)}</h2><table border="1"><tr>{top}</tr>{lines}</table>'


def status(exchange: Exchange) -> Answer:
    model = exchange.model
    with model.lock:
        agents = [
            [agent.name, agent.state, agent.address, _time(agent.heard), agent.configuration.get(INPUTS, '')]
            for agent in model.agents.values()
        ]
        events = [
            [event.title, event.agent, _time(event.start), _time(event.end), _last(model.recordings.get(event.uid))]
            for event in sorted(model.events.values(), key=lambda event: event.start)
        ]
        deliveries = [
            [delivery.uid, _time(delivery.at), ', '.join(f'{t.flavor} {t.size} bytes' for t in delivery.tracks)]
            for delivery in model.deliveries
        ]
        findings = ''.join(f'<li>{escape(finding)}</li>' for finding in model.strict.findings)
    return page(
        'Stand-in core',
        _table('Agents', ['name', 'state', 'address', 'heard', 'inputs'], agents)
        + _table('Events', ['title', 'agent', 'start', 'end', 'recording'], events)
        + _table('Received', ['event', 'at', 'tracks'], deliveries)
        + (f'<h2>Faults of agents</h2><ul>{findings}</ul>' if findings else ''),
    )


def _last(history: list[tuple[float, str]] | None) -> str:
    return history[-1][1] if history else ''


ROUTES = (Route('GET', '/', status, guide=True),)
