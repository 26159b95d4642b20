"""Check-list 4: the configuration of an agent."""

from __future__ import annotations

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client

PATH = '/capture-admin/agents/hall-1/configuration'
DOCTYPE = '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'
ENTRIES = '<properties><comment>x</comment><entry key="a">b</entry></properties>'


@pytest.mark.parametrize(
    ('given', 'kept'),
    [
        ('{"a":"b"}', {'a': 'b'}),
        ("{'a':'b'}", {'a': 'b'}),
        ('{a:b}', {'a': 'b'}),
        ('{"a":1}', {'a': '1'}),
        ('{"a":1.50}', {'a': '1.50'}),
        ('{"a":true}', {'a': 'true'}),
        ('{ "a" : "b" , "c" : "d\\u0041\\n" }', {'a': 'b', 'c': 'dA\n'}),
        ('{}', {}),
        (DOCTYPE + ENTRIES, {'a': 'b'}),
        ('<?xml version="1.0" encoding="UTF-8"?>\n' + DOCTYPE + ENTRIES, {'a': 'b'}),
    ],
)
def test_good_configurations(core: StandIn, client: Client, given: str, kept: dict[str, str]) -> None:
    assert client.post(PATH, configuration=given).status == 200
    assert core.agents['hall-1'].configuration == kept


@pytest.mark.parametrize(
    ('given', 'status'),
    [
        ('', 400),
        ('  ', 400),
        (' {"a":"b"}', 400),
        ('{"a":null}', 500),
        ('{"a":{"b":"c"}}', 400),
        ('{"a":["b"]}', 400),
        ('{"a":"b","a":"c"}', 400),
        ('{"a":"b",}', 400),
        ('{"a":"b"} x', 400),
        ('{"a":"b"', 400),
        ('{"a":"b', 400),
        (ENTRIES, 400),
        (DOCTYPE.replace('http:', 'https:') + ENTRIES, 400),
        (DOCTYPE.replace('">', '\\">') + ENTRIES, 400),
        (DOCTYPE.replace('">', '" [<!ENTITY x "y">]>') + ENTRIES, 400),
        (DOCTYPE + ENTRIES.replace('properties', 'other'), 400),
        (DOCTYPE + ENTRIES.replace('entry', 'item'), 400),
        (DOCTYPE + ENTRIES.replace(' key="a"', ''), 400),
        ('\n<?xml version="1.0"?>' + DOCTYPE + ENTRIES, 400),
    ],
)
def test_bad_configurations(core: StandIn, client: Client, given: str, status: int) -> None:
    assert client.post(PATH, configuration=given).status == status
    assert 'hall-1' not in core.agents


def test_the_answer_is_what_was_understood(client: Client) -> None:
    assert client.post(PATH, configuration="{a:'<b>&=1'}").text == '{"a":"\\u003cb\\u003e\\u0026\\u003d1"}'
    assert '<ns3:value>b</ns3:value>' in client.post(PATH, configuration=DOCTYPE + ENTRIES).text


def test_a_configuration_replaces_the_one_before(core: StandIn, client: Client) -> None:
    client.post(PATH, configuration='{"a":"b","c":"12"}')
    shown = client.get(PATH + '.json').json['properties-response']['properties']['item']
    assert {'key': 'c', 'value': 12} in shown
    client.post(PATH, configuration='{"d":"e"}')
    assert client.get(PATH + '.json').json['properties-response']['properties'] == {'item': {'key': 'd', 'value': 'e'}}
    client.post(PATH, configuration='{}')
    assert client.get(PATH + '.json').json == {'properties-response': {'properties': ''}}
    assert core.agents['hall-1'].state == 'unknown'


def test_capabilities_are_derived(client: Client) -> None:
    client.post(PATH, configuration='{"capture.device.camera.flavor":"a/b","other":"x"}')
    assert (
        client.get(PATH.replace('configuration', 'capabilities.json')).json['properties-response']['properties'] == ''
    )
    client.post(
        PATH,
        configuration='{"capture.device.names":"camera, slides","capture.device.camera.flavor":"a/b",'
        '"capture.device.slides.flavor":"c/d","x.capture.device.camera":"contains","other":"y"}',
    )
    found = client.get(PATH.replace('configuration', 'capabilities.json')).json
    keys = {item['key'] for item in found['properties-response']['properties']['item']}
    assert keys == {'capture.device.names', 'capture.device.camera.flavor', 'x.capture.device.camera'}
