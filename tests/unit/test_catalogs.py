"""The files attached to an event, of servers new and old."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyca.event import Event
from pyca.opencast.catalogs import (
    agent_properties,
    dublin_core,
    selected_inputs,
    workflow,
    workflow_properties,
)

NAME = 'org.opencastproject.capture.agent.properties'
OLD = (
    '#Capture Agent specific data\r\n#Wed Oct 17 10:48:51 GMT 2012\r\n'
    'event.title=Caf\\u00e9 \\: Teil\\=1\r\n'
    'org.opencastproject.workflow.definition=full\r\n'
    'org.opencastproject.workflow.config.trimHold\\:a=true\r\n'
    '! another comment\r\n'
    'capture.device.names : camera,\\\r\n    slides\r\n'
    'lonely\r\n'
)


def event(text: str, name: str = NAME) -> Event:
    return Event('u', 1, 2, data={'attach': [{'fmttype': 'application/text', 'x-apple-filename': name, 'data': text}]})


def test_lines_of_today_are_cut_at_the_first_equals_sign_and_nothing_is_unescaped() -> None:
    """Contract 6.4, trap 21."""
    text = 'a=b=c\\:d\n# no=comment\n\nempty=\nwithout\nevent.title=Hörsaal \\u00e9\r\n=x\n'

    assert agent_properties(event(f'first=1\n{text}')) == {
        'first': '1',
        'a': 'b=c\\:d',
        '# no': 'comment',
        'empty': '',
        'event.title': 'Hörsaal \\u00e9',
    }


def test_properties_of_old_servers_are_unescaped() -> None:
    """H28."""
    assert agent_properties(event(OLD)) == {
        'event.title': 'Café : Teil=1',
        'org.opencastproject.workflow.definition': 'full',
        'org.opencastproject.workflow.config.trimHold:a': 'true',
        'capture.device.names': 'camera,slides',
        'lonely': '',
    }
    assert workflow(event(OLD)) == 'full'
    assert selected_inputs(event(OLD)) == ['camera', 'slides']


def test_the_workflow_has_no_line_end_in_its_name() -> None:
    """H28."""
    assert workflow(event('a=b\r\norg.opencastproject.workflow.definition=fast\r\n')) == 'fast'


def test_the_prefix_of_parameters_is_cut_once() -> None:
    """H28: a key may have dots, a value equals signs."""
    prefix = 'org.opencastproject.workflow.config.'
    text = f'{prefix}publish.to.youtube=true\n{prefix}{prefix}x=a=b\n{prefix}=nothing\nother=1\n'

    assert workflow_properties(event(text)) == {'publish.to.youtube': 'true', f'{prefix}x': 'a=b'}


def test_a_parameter_never_takes_the_place_of_a_field(caplog: pytest.LogCaptureFixture) -> None:
    prefix = 'org.opencastproject.workflow.config.'
    names = ('mediaPackage', 'workflowDefinitionId', 'workflowInstanceId')

    found = workflow_properties(event(''.join(f'{prefix}{name}=evil\n' for name in (*names, 'fine'))))

    assert found == {'fine': 'evil'}
    assert all(name in caplog.text for name in names)


@pytest.mark.parametrize('without', [Event('u', 1, 2), Event('u', 1, 2, data={'attach': None}), event('x=1', 'other')])
def test_an_event_without_properties_is_plain(without: Event) -> None:
    """H27."""
    assert agent_properties(without) == {}
    assert workflow(without) == ''
    assert workflow_properties(without) == {}
    assert selected_inputs(without) == []


@pytest.mark.parametrize(
    ('names', 'inputs'), [('', []), ('null', []), (' a , b c,', ['a', 'b c']), ('null,a', ['null', 'a']), (',', [])]
)
def test_no_selection_means_every_input(names: str, inputs: list[str]) -> None:
    """Trap 21."""
    assert selected_inputs(event(f'capture.device.names={names}\n')) == inputs


def test_catalogs_are_named_by_their_flavor() -> None:
    attach = [{'x-apple-filename': name, 'data': f'<{name}>'} for name in ('episode.xml', 'series.xml', 'other.xml')]

    assert dublin_core(Event('u', 1, 2, data={'attach': attach})) == [
        ('dublincore/episode', '<episode.xml>'),
        ('dublincore/series', '<series.xml>'),
    ]


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    for variant in (text, f'#{text}', f'#\n{text}'):
        properties = agent_properties(event(variant))
        assert '' not in properties
