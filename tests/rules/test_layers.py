"""Imports go downwards only (docs/architecture.md, "The import rules"), and each foreign package has one place."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from tests.rules.source import Module, modules

SERVICES = ('schedule', 'capture', 'ingest', 'agentstate')
LAYERS = (
    ('event', 'order', 'states', 'settings', 'errors', 'clock', 'stop', 'backoff', 'masking', 'passwords', 'hours'),
    ('config', 'values', 'loop', 'heartbeat', 'faultboard', 'unconfigured', 'logs', 'defects', 'systemd', 'version2'),
    ('opencast', 'recording', 'storage'),
    (*SERVICES, 'accounts', 'onthespot', 'ui'),
    ('context', 'wiring', 'supervisor'),
    ('cli',),
    ('__main__',),
)
LEVEL = {part: number for number, layer in enumerate(LAYERS) for part in layer}
APART = {'opencast', 'recording', 'storage', *SERVICES}
"""What sits side by side without knowing of each other."""
DEMO_MAY_IMPORT = {'demo', 'errors', 'clock', 'stop'}
PLACES = {
    'pycurl': ('pyca.opencast.http', 'pyca.opencast.bodies'),
    'icalendar': ('pyca.opencast.calendar',),
    'dateutil': ('pyca.opencast.times', 'pyca.opencast.calendar'),
    'sqlalchemy': ('pyca.storage',),
    'alembic': ('pyca.storage',),
    'flask': ('pyca.ui',),
    'werkzeug': ('pyca.ui',),
    'markupsafe': ('pyca.ui',),
    'waitress': ('pyca.ui',),
    'prometheus_client': ('pyca.ui.metrics',),
    'configobj': ('pyca.config',),
    'sdnotify': ('pyca.systemd',),
    'click': ('pyca.cli',),
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


def under_type_checking(module: Module) -> Iterator[ast.AST]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            yield from ast.walk(node)


def part(name: str) -> str:
    """The piece of the program that a module belongs to; empty for `pyca` itself.

    `opencast` for `pyca.opencast.http`; `settings` for `pyca.settings_inputs`, too, since what grew beside a
    module that was full belongs to it.
    """
    word = name.split('.')[1] if '.' in name else ''
    return word if word in LEVEL else word.partition('_')[0] or word


def inner_imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    for node, name in imports(module):
        if name.split('.')[0] == 'pyca' and name != 'pyca.__version__' and part(name):
            yield node, part(name)


def test_every_module_has_its_place_in_the_house() -> None:
    """Who adds a module at the top puts it into LAYERS, or better into a package."""
    assert not [module.path for module in modules() if part(module.name) not in {'', 'demo', *LEVEL}]


def test_imports_go_downwards_only() -> None:
    allowed = {'demo': LEVEL['cli'], **LEVEL}
    upwards = []
    for module in modules():
        own = part(module.name)
        for node, other in inner_imports(module):
            if own == 'demo':
                wrong = other not in DEMO_MAY_IMPORT
            else:
                wrong = allowed.get(other, 99) > LEVEL.get(own, -1) or (other == 'demo' and own != 'cli')
            if wrong:
                upwards.append(f'{module.at(node)} {other}')
    assert not upwards


def test_what_sits_side_by_side_does_not_know_of_each_other() -> None:
    assert not [
        f'{module.at(node)} {other}'
        for module in modules()
        for node, other in inner_imports(module)
        if other in strangers(part(module.name))
    ]


def strangers(own: str) -> set[str]:
    """What a piece of the program must not know although it sits on the same floor."""
    if own in {'ui', 'accounts'}:
        return set(SERVICES)
    return {other for other in APART if own in APART and other != own and LEVEL[other] == LEVEL[own]}


def test_a_foreign_package_is_imported_in_its_one_place() -> None:
    strange = []
    for module in modules():
        for node, name in imports(module):
            package = name.split('.')[0]
            if package in sys.stdlib_module_names or package == 'pyca':
                continue
            if not any(re.match(rf'{place}([._]|$)', module.name) for place in PLACES.get(package, ())):
                strange.append(f'{module.at(node)} {package}')
    assert not strange


def test_no_two_modules_import_each_other() -> None:
    names = {module.name for module in modules()} - {'pyca'}
    graph: dict[str, set[str]] = {module.name: set() for module in modules()}
    for module in modules():
        types_only = set(under_type_checking(module))
        for node, name in imports(module):
            if node in types_only:
                continue
            target = name if name in names else name.rpartition('.')[0]
            graph[module.name] |= {target} & (names - {module.name})
    while leaves := {name for name, others in graph.items() if not others & set(graph)}:
        for name in leaves:
            del graph[name]
    assert not graph, 'these are in, or depend on, a circle'
