"""The service registry with the pages about the installation (contract 3.5, 4)."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cmp_to_key
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from pyca.demo.answers import Answer, Route, json, page, plain_json, text, xml
from pyca.demo.exchange import Exchange
from pyca.demo.shapes import DECLARATION, Json, wrapped

if TYPE_CHECKING:
    from pyca.demo.nodes import Node

PATHS = {
    'org.opencastproject.capture.admin': '/capture-admin',
    'org.opencastproject.scheduler': '/recordings',
    'org.opencastproject.ingest': '/ingest',
    'org.opencastproject.assetmanager': '/assets',
}


def services(exchange: Exchange) -> list[dict[str, str]]:
    """The listed services of a type, as texts in the order of the fields."""
    kind = exchange.query.get('serviceType', '')
    if kind not in PATHS:
        return []
    nodes = exchange.node.siblings()
    hosts = sorted((node for node in nodes if node.listed), key=cmp_to_key(_order))
    if not kind.endswith('ingest'):
        hosts = nodes[:1]
    since = datetime.fromtimestamp(exchange.model.now(), timezone.utc).isoformat(timespec='milliseconds')
    return [
        {
            'type': kind,
            'host': node.named,
            'path': PATHS[kind],
            'active': 'true',
            'online': 'true',
            'maintenance': 'false',
            'jobproducer': 'true',
            'onlinefrom': since.replace('+00:00', 'Z'),
            'service_state': node.state if node.listed else 'NORMAL',
            'state_changed': since.replace('+00:00', 'Z'),
            'error_state_trigger': '0',
            'warning_state_trigger': '0',
        }
        for node in hosts
    ]


def _order(one: Node, other: Node) -> int:
    """The least busy first; of two that are busy alike, the one that can bear more."""
    if abs(one.load - other.load) <= 0.01:
        return (other.max_load > one.max_load) - (other.max_load < one.max_load)
    return 1 if one.load > other.load else -1


def available_json(exchange: Exchange) -> Answer:
    if not exchange.query.get('serviceType', '').strip():
        return text('Service type must be specified', 400)
    exchange.model.strict.registry_asked(exchange.query['serviceType'])
    return json({'services': wrapped('service', services(exchange))})


def available_xml(exchange: Exchange) -> Answer:
    if not exchange.query.get('serviceType', '').strip():
        return text('Service type must be specified', 400)
    exchange.model.strict.registry_asked(exchange.query['serviceType'])
    inner = ''.join(
        '<service>' + ''.join(f'<{key}>{escape(value)}</{key}>' for key, value in service.items()) + '</service>'
        for service in services(exchange)
    )
    return xml(f'{DECLARATION}<services xmlns="http://serviceregistry.opencastproject.org">{inner}</services>')


def me(exchange: Exchange) -> Answer:
    name = exchange.request.user or 'anonymous'
    user: Json = {'username': name, 'name': name, 'email': None, 'provider': 'opencast'}
    org: Json = {
        'id': 'mh_default_org',
        'name': 'not Opencast',
        'adminRole': 'ROLE_ADMIN',
        'anonymousRole': 'ROLE_ANONYMOUS',
        'properties': {},
    }
    role = f'ROLE_USER_{name.upper()}'
    return plain_json({'user': user, 'userRole': role, 'roles': [*exchange.roles, role], 'org': org})


def version(exchange: Exchange) -> Answer:
    if exchange.query.get('prefix', 'opencast') != 'opencast':
        return Answer(404)
    versions = exchange.model.versions
    if len(versions) == 1:
        found = {'consistent': True, 'version': versions[0], 'buildNumber': 'stand-in', 'last-modified': 0}
        return plain_json(found)
    mixed = [{'version': version, 'buildNumber': 'stand-in'} for version in versions]
    return plain_json({'consistent': False, 'versions': mixed})


def login_page(exchange: Exchange) -> Answer:
    exchange.model.strict.login_page()
    return page('Login', '<form><input name="j_username"><input name="j_password" type="password"></form>')


def definitions(exchange: Exchange) -> Answer:
    known = ''.join(f'<definition><id>{escape(name)}</id></definition>' for name in exchange.model.known_workflows)
    return xml(f'{DECLARATION}<definitions xmlns="http://workflow.opencastproject.org">{known}</definitions>')


ROUTES = (
    Route('GET', r'/services/available\.json', available_json, 'application/json', guide=True),
    Route('GET', r'/services/available\.xml', available_xml, 'text/xml', guide=True),
    Route('GET', r'/info/me\.json', me, 'application/json'),
    Route('GET', r'/sysinfo/bundles/version', version, 'application/json'),
    Route('GET', r'/workflow/definitions\.xml', definitions, 'text/xml'),
    Route('GET', r'/login\.html', login_page, guide=True),
)
