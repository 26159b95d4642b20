"""Tests that can fail, and do not depend on the machine's speed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.rules.source import Module, modules

PATCHING = {'monkeypatch.setattr', 'monkeypatch.setitem', 'mock.patch', 'patch', 'patch.object', 'mock.patch.object'}
PATCHABLE = {'os.environ', 'sys.argv'}
LONGEST_PAUSE = 0.1


def calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def test_no_test_sleeps() -> None:
    """A short pause in a loop that waits for a condition is no sleep."""
    pauses = {
        id(call)
        for module in modules('tests')
        for loop in ast.walk(module.tree)
        if isinstance(loop, ast.While)
        for call in ast.walk(loop)
        if isinstance(call, ast.Call) and call.args and is_short(call.args[0])
    }
    assert not [
        module.at(node)
        for module in modules('tests')
        for node, name in calls(module)
        if name.split('.')[-1] == 'sleep' and id(node) not in pauses
    ]


def is_short(argument: ast.expr) -> bool:
    value = argument.value if isinstance(argument, ast.Constant) else None
    return isinstance(value, (int, float)) and value <= LONGEST_PAUSE


def test_no_test_patches_a_module() -> None:
    assert not [
        module.at(node)
        for module in modules('tests')
        for node, name in calls(module)
        if name in PATCHING and not (name.endswith('setitem') and ast.unparse(node.args[0]) in PATCHABLE)
    ]


def test_every_test_claims_something() -> None:
    idle = []
    for module in modules('tests'):
        asserting = {function.name for function in module.functions if claims(function)}
        tests = [function for function in module.functions if function.name.startswith('test_')]
        while more := {
            function.name
            for function in module.functions
            if function.name not in asserting and names_called(function) & asserting
        }:
            asserting |= more
        idle += [module.at(function) for function in tests if function.name not in asserting]
    assert not idle


def claims(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it asserts by itself, or with a function that other files offer for it."""
    offered = {'raises', 'warns', 'eventually', 'until', 'wait_for', 'wait_until', 'run_until'}
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or bool(names_called(function) & offered)


def names_called(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    nodes = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return {ast.unparse(node.func).split('.')[-1] for node in nodes}
