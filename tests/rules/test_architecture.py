"""What docs/architecture.md says of the tree is what the tree says of itself."""

from __future__ import annotations

import ast
import re

from tests.rules.source import ROOT, Module, modules
from tests.rules.test_layers import APART, DEMO_MAY_IMPORT, LAYERS, PLACES, imports

ARCHITECTURE = ROOT / 'docs' / 'architecture.md'
COLUMN = 28


def written(heading: str) -> list[str]:
    """The lines of the first code block under a heading."""
    found = re.search(rf'^## {heading}$.*?^```\n(.*?)^```', ARCHITECTURE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1].splitlines()


def tree() -> list[str]:
    """A line for each module, with the first line of its docstring; a folder's own modules stand before its folders."""
    return [line(module) for module in sorted(modules(), key=place)]


def place(module: Module) -> list[tuple[bool, str]]:
    """Where a module stands in the list: a package in front of what it holds."""
    *folders, file = module.path.split('/')
    names = [(True, name) for name in folders]
    return names if file == '__init__.py' else [*names, (False, file)]


def line(module: Module) -> str:
    *folders, file = module.path.split('/')
    package = file == '__init__.py'
    name = f'{folders[-1]}/' if package else file
    depth = len(folders) - package
    words = (ast.get_docstring(module.tree) or '').split('\n')[0].removesuffix('.')
    return f'{"  " * depth}{name}'.ljust(COLUMN - 1) + f' {words}'


def test_the_tree_names_every_module_with_its_own_words() -> None:
    """The right lines stand in the comparison below, to be copied."""
    assert written('The tree') == tree()


def test_the_floors_are_those_that_imports_are_held_to() -> None:
    floors = [set(re.findall(r'\w+', text)) for text in reversed(written('The import rules'))]
    assert floors == [set(layer) - {'__main__'} for layer in LAYERS if layer != ('__main__',)]


def test_the_rules_name_each_foreign_package_with_its_place() -> None:
    text = ARCHITECTURE.read_text()
    packages = dict(re.findall(r'^\| `(\w+)` \| (.+) \|$', text[text.index('## The import rules') :], re.MULTILINE))
    imported = {package for package in PLACES if uses(package)}
    assert set(packages) == imported
    for package, places in packages.items():
        named = {
            place.removesuffix('.py').replace('/', '.').rstrip('.') for place in re.findall(r'`([\w./]+)`', places)
        }
        assert {f'pyca.{name}' for name in named} <= set(PLACES[package])


def uses(package: str) -> bool:
    return any(name.split('.')[0] == package for module in modules() for _, name in imports(module))


def test_what_sits_side_by_side_is_told() -> None:
    text = ARCHITECTURE.read_text()
    for name in APART | DEMO_MAY_IMPORT:
        assert f'`{name}`' in text, name
