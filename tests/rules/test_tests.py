"""Tests that can fail, and do not depend on the machine's speed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.rules.source import Module, modules

PATCHING = {'monkeypatch.setattr', 'monkeypatch.setitem', 'mock.patch', 'patch', 'patch.object', 'mock.patch.object'}
PATCHABLE = {'os.environ', 'sys.argv'}
LONGEST_PAUSE = 0.1
WAITING = {'eventually', 'until', 'wait_for', 'wait_until', 'run_until'}
EXPECTING = {'raises', 'warns', 'expect'}
Function = ast.FunctionDef | ast.AsyncFunctionDef


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


def test_no_test_sets_what_it_has_imported() -> None:
    """Nor an item of it: `sys.modules` is patched so. The environment is there to be set."""
    assert not [
        module.at(node)
        for module in modules('tests')
        for names in [imported(module)]
        for node, target in changes(module)
        if root(target) in names and ast.unparse(target) not in PATCHABLE
    ]


def changes(module: Module) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is set, deleted or handed to `setattr`, with the object that is thereby another one."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            yield node, node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ('setattr', 'delattr'):
            yield node, node.args[0]


def root(node: ast.expr) -> str:
    """The name that stands first: `sys` of `sys.modules['x']`."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return ast.unparse(node)


def imported(module: Module) -> set[str]:
    nodes = (node for node in ast.walk(module.tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {(name.asname or name.name).split('.')[0] for node in nodes for name in node.names}


def test_no_test_reaches_into_an_object() -> None:
    """To set what is private is to patch it: what an object is to work with is an argument of its constructor."""
    assert not [
        module.at(node)
        for module in modules('tests')
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, (ast.Store, ast.Del))
        and node.attr.startswith('_')
        and not node.attr.endswith('__')
        and ast.unparse(node.value) not in ('self', 'cls')
    ]


def test_every_test_claims_something() -> None:
    idle = []
    for module in modules('tests'):
        methods = {method for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) for method in node.body}
        names = {each: f'.{each.name}' if each in methods else each.name for each in module.functions}
        called = {function: calls_of(function) for function in names}
        asserting = {name for function, name in names.items() if claims(function)}
        while more := {names[each] for each, calls in called.items() if calls & asserting} - asserting:
            asserting |= more
        tests = [function for function in names if function.name.startswith('test_')]
        idle += [module.at(function) for function in tests if names[function] not in asserting]
    assert not idle


def test_what_is_offered_for_waiting_claims_that_it_was_not_in_vain() -> None:
    assert not [
        module.at(function)
        for module in modules('tests')
        for function in module.functions
        if function.name in WAITING and not claims(function)
    ]


def claims(function: Function) -> bool:
    """Whether it asserts by itself, or with a function that other files offer for it."""
    own = any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Raise) and 'AssertionError' in ast.unparse(node))
        for node in ast.walk(function)
    )
    return own or bool({name.lstrip('.') for name in calls_of(function)} & (WAITING | EXPECTING) - {function.name})


def calls_of(function: Function) -> set[str]:
    """What it calls, by name; that of a method has a dot before it."""
    nodes = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {f'.{node.attr}' if isinstance(node, ast.Attribute) else ast.unparse(node) for node in nodes}
