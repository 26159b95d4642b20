"""Modules with one reason to exist, functions that fit on a screen."""

from __future__ import annotations

import ast
import re

from tests.rules.source import modules

LONG_MODULES = {
    'pyca/settings.py': 'the list of all options',
    'pyca/storage/tables.py': 'the list of all tables',
}
CALLED_BY_OTHERS = {'_note_writes': 'by SQLAlchemy, which gives it that many'}
MIGRATIONS = 'pyca/storage/migrations/versions/'
"""Lists of tables, too."""
HOMES_OF_EVERYTHING = {'utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'base', 'tools'}


def test_a_module_has_at_most_250_lines() -> None:
    lengths = {module.path: module.lines for module in modules() if module.path not in LONG_MODULES}
    assert not {path: length for path, length in lengths.items() if length > 250}


def test_a_function_has_at_most_40_lines() -> None:
    lengths = {
        module.at(node): (node.end_lineno or 0) - node.lineno + 1
        for module in modules()
        for node in module.functions
        if not module.path.startswith(MIGRATIONS)
    }
    assert not {place: length for place, length in lengths.items() if length > 40}


def test_a_function_has_at_most_five_parameters() -> None:
    counts = {
        module.at(node): len(parameters(node.args))
        for module in modules()
        for node in module.functions
        if node.name not in CALLED_BY_OTHERS
    }
    assert not {place: count for place, count in counts.items() if count > 5}


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all parameters but that of the object itself."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]
    return [argument.arg for argument in found if argument.arg not in {'self', 'cls'}]


def test_a_module_says_its_one_reason_to_exist() -> None:
    """Two reasons, joined by "and", are two modules."""
    first_lines = {module.path: (ast.get_docstring(module.tree) or '').split('\n')[0] for module in modules()}
    assert not {path: line for path, line in first_lines.items() if not line or re.search(r'\band\b', line)}


def test_a_module_is_named_for_what_it_does() -> None:
    assert not [module.path for module in modules() if HOMES_OF_EVERYTHING & set(module.name.split('.'))]
