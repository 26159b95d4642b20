"""The description of the API against the API itself."""

from __future__ import annotations

import base64
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pyca.demo.standin import StandIn
from pyca.event import Track
from pyca.settings import Server, Ui
from pyca.states import EventStatus
from pyca.storage.counter import Counter
from pyca.storage.orders import Orders
from pyca.storage.recorded import Said
from pyca.ui.application import create_app
from tests.ui.site import JSON, NOW, Site, failed, lecture

with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    import schemathesis
    from schemathesis import GenerationMode as Mode
    from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

METHODS = ('get', 'post', 'patch', 'delete')
FILE = Path(__file__).parents[2] / 'pyca/ui/api/openapi.json'


def described() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text(encoding='utf-8'))
    return content


def tolerated(method: str, path: str, mode: Mode) -> list[Any]:
    """The checks that say nothing here. One does not know that who guesses logins hears 429 after a while."""
    if mode is Mode.POSITIVE:  # the id in the body must be that of the address
        return [ignored_auth, positive_data_acceptance] if method == 'patch' else [ignored_auth]
    body = described()['paths'][path][method].get('requestBody', {'content': {JSON: {'schema': {}}}})
    ruled = body['content'][JSON]['schema']
    return (
        [ignored_auth] if ruled else [ignored_auth, negative_data_rejection]
    )  # parameters that nobody knows are nobody's trouble


def takes_something(method: str, path: str) -> bool:
    """Whether a request can be wrong."""
    return bool({'requestBody', 'parameters'} & described()['paths'][path][method].keys())


OPERATIONS = [
    (method, path)
    for path, item in described()['paths'].items()
    for method in METHODS
    if method in item and not path.startswith('/img/')
]
CASES = [(*operation, Mode.POSITIVE) for operation in OPERATIONS]
CASES += [(*operation, Mode.NEGATIVE) for operation in OPERATIONS if takes_something(*operation)]
LOGIN = 'Basic ' + base64.b64encode(b'admin:secret').decode()


def test_every_route_of_the_api_is_described_and_no_other(site: Site) -> None:
    found = {
        (method.lower(), re.sub(r'<(?:\w+:)?(\w+)>', r'{\1}', rule.rule))
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {'HEAD', 'OPTIONS'}
        if rule.rule.startswith(('/api/', '/healthz'))
    }
    assert found == set(OPERATIONS)


def test_the_description_is_served(site: Site) -> None:
    with site.get('/api/openapi.json') as answer:
        assert answer.json == described()


class Clerk:
    """Answers each order, in turn with yes and no."""

    def __init__(self, site: Site) -> None:
        self._orders = Orders(site.database)

    def __call__(self, _seconds: float) -> None:
        for placed in self._orders.open():
            self._orders.answer(placed.id, done=placed.id % 2 == 0, text='It was so.')


@pytest.fixture(scope='module')
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An agent with an event in every state, and a core."""
    folder = tmp_path_factory.mktemp('site')
    with StandIn(folder / 'core') as core:
        site = Site(folder, server=Server(url=core.url), ui=Ui(username='admin', password='secret'))
        site.all_well()
        site.plan(lecture('planned', NOW + 900))
        site.runs(lecture('running'))
        tracks = (Track('presenter/source', Path('/r/a.webm')),)
        site.recorded(lecture('held', NOW - 9000), Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', tracks))
        site.recorded(lecture('missed', NOW - 20_000), failed())
        site.app = create_app(site.settings, site.database, site.clock, Counter(site.database, pause=Clerk(site)))
        yield site
        site.close()


KNOWN = ('planned', 'running', 'held', 'missed')


def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
    """Half of the requests are about events that there are."""
    uid = path_parameters.get('uid') if path_parameters else None
    if isinstance(uid, str) and len(uid) % 2:
        return {**path_parameters, 'uid': KNOWN[len(uid) // 2 % len(KNOWN)]}
    return path_parameters


@pytest.mark.parametrize(('method', 'path', 'mode'), CASES, ids=[' '.join(map(str, case)) for case in CASES])
def test_no_request_finds_the_api_other_than_described(busy: Site, method: str, path: str, mode: Mode) -> None:
    """With what the description allows, and with what it does not."""
    schema = schemathesis.openapi.from_wsgi('/api/openapi.json', busy.app, headers={'Authorization': LOGIN})
    schema.hook(map_path_parameters)
    operation = schema[path][method.upper()]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call_and_validate(headers={'Authorization': LOGIN}, excluded_checks=tolerated(method, path, mode))
        assert answer.status_code != 500

    ask()
