"""Modules with one reason to exist, functions that fit on a screen."""

from __future__ import annotations

import ast
import re

import pytest

from tests.rules.source import Module, modules

LONG_MODULES = {
    'pyca/settings.py': 'the list of all options',
    'pyca/storage/tables.py': 'the list of all tables',
}
HOMES_OF_EVERYTHING = {'utils', 'util', 'helpers', 'helper', 'common', 'manager', 'misc', 'base', 'tools'}


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_module_has_at_most_250_lines(module: Module) -> None:
    assert module.lines <= 250 or module.path in LONG_MODULES


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_function_has_at_most_40_lines(module: Module) -> None:
    lengths = {module.at(node): (node.end_lineno or 0) - node.lineno + 1 for node in module.functions}
    assert not {place: length for place, length in lengths.items() if length > 40}


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_function_has_at_most_five_parameters(module: Module) -> None:
    counts = {module.at(node): len(parameters(node.args)) for node in module.functions}
    assert not {place: count for place, count in counts.items() if count > 5}


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all parameters but that of the object itself."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]
    return [argument.arg for argument in found if argument.arg not in {'self', 'cls'}]


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_module_says_its_one_reason_to_exist(module: Module) -> None:
    first_line = (ast.get_docstring(module.tree) or '').split('\n')[0]
    assert first_line
    assert not re.search(r'\band\b', first_line), 'two reasons to exist are two modules'


@pytest.mark.parametrize('module', modules(), ids=lambda module: module.path)
def test_a_module_is_named_for_what_it_does(module: Module) -> None:
    assert not HOMES_OF_EVERYTHING & set(module.name.split('.'))
