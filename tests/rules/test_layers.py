"""Imports go downwards only (docs: the house), and each foreign package has one place."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.rules.source import Module, modules

SERVICES = ('schedule', 'capture', 'ingest', 'agentstate')
LAYERS = (
    ('event', 'states', 'settings', 'errors', 'clock', 'stop', 'backoff'),
    ('config', 'loop', 'logs', 'systemd'),
    ('opencast', 'recording', 'storage'),
    (*SERVICES, 'accounts', 'ui'),
    ('wiring', 'supervisor'),
    ('cli',),
    ('__main__',),
)
LEVEL = {part: number for number, layer in enumerate(LAYERS) for part in layer}
APART = ({'opencast'}, {'recording'}, {'storage'}, *({service} for service in SERVICES))
"""What sits side by side without knowing of each other."""
DEMO_MAY_IMPORT = {'demo', 'errors', 'clock', 'stop'}
PLACES = {
    'pycurl': ('pyca.opencast.http',),
    'icalendar': ('pyca.opencast.calendar',),
    'dateutil': ('pyca.opencast.times',),
    'sqlalchemy': ('pyca.storage',),
    'alembic': ('pyca.storage',),
    'flask': ('pyca.ui',),
    'werkzeug': ('pyca.ui',),
    'waitress': ('pyca.ui',),
    'prometheus_client': ('pyca.ui',),
    'configobj': ('pyca.config',),
    'sdnotify': ('pyca.systemd',),
    'click': ('pyca.cli',),
    'psutil': ('pyca.recording', 'pyca.ui'),
    'imageio_ffmpeg': ('pyca.cli', 'pyca.demo'),
}


def imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every name that the module imports, relative ones written out; those inside functions, too."""
    package = module.name if module.path.endswith('/__init__.py') else module.name.rpartition('.')[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package.split('.')[: len(package.split('.')) - node.level + 1] if node.level else []
            base = '.'.join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node, f'{base}.{alias.name}'


def part(name: str) -> str:
    """The piece of the house that a module belongs to: `opencast` for `pyca.opencast.http`; empty for `pyca`."""
    words = name.split('.')
    return words[1] if len(words) > 1 else ''


def inner_imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    for node, name in imports(module):
        if name.split('.')[0] == 'pyca' and part(name) not in {'', '__version__'}:
            yield node, part(name)


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_module_has_its_place_in_the_house(module: Module) -> None:
    assert part(module.name) in {'', 'demo', *LEVEL}, 'put it into LAYERS, or into an existing package'


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_imports_go_downwards_only(module: Module) -> None:
    own = part(module.name)
    if own == 'demo':
        upwards = [module.at(node) for node, other in inner_imports(module) if other not in DEMO_MAY_IMPORT]
    else:
        allowed = {'demo': LEVEL['cli'], **LEVEL}
        level = LEVEL.get(own, -1)
        upwards = [module.at(node) for node, other in inner_imports(module) if allowed[other] > level]
        upwards += [module.at(node) for node, other in inner_imports(module) if other == 'demo' and own != 'cli']
    assert not upwards


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_what_sits_side_by_side_does_not_know_of_each_other(module: Module) -> None:
    own = part(module.name)
    apart = {other for group in APART if own not in group for other in group if LEVEL[other] == LEVEL.get(own)}
    if own in {'ui', 'accounts'}:
        apart = set(SERVICES)
    assert not [module.at(node) for node, other in inner_imports(module) if other in apart]


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_foreign_package_is_imported_in_its_one_place(module: Module) -> None:
    strange = []
    for node, name in imports(module):
        package = name.split('.')[0]
        if package in sys.stdlib_module_names or package == 'pyca':
            continue
        if not any(f'{module.name}.'.startswith(f'{place}.') for place in PLACES.get(package, ())):
            strange.append(f'{module.at(node)} {package}')
    assert not strange


def test_no_two_modules_import_each_other() -> None:
    names = {module.name for module in modules()}
    graph = {
        module.name: {
            found
            for _, name in imports(module)
            for found in (name, name.rpartition('.')[0])
            if found in names - {'pyca', module.name}
        }
        for module in modules()
    }
    while leaves := {name for name, others in graph.items() if not others & set(graph)}:
        for name in leaves:
            del graph[name]
    assert not graph, 'these are in, or depend on, a circle'
