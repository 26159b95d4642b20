"""State lives in objects that somebody made, not in modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.rules.source import Module, modules

CONSTANT = re.compile(r'_?[A-Z][A-Z0-9_]*|logger|__all__|__version__')
TYPE_ALIAS = re.compile(r'_?[A-Z]\w*')
MUTABLE = {
    *('dict', 'list', 'set', 'bytearray', 'defaultdict', 'deque', 'OrderedDict', 'Counter', 'count', 'cycle', 'iter'),
    *('Lock', 'RLock', 'Event', 'Condition', 'Queue', 'Thread', 'local', 'open', 'create_engine'),
}
TYPE_MAKERS = {'TypeVar', 'ParamSpec', 'NewType'}
DECLARATIONS = {
    'pyca/storage/migrations/': 'Alembic reads lower-case names from a migration, executes its environment',
    'pyca/storage/tables.py': 'the declared tables',
    'pyca/cli/commands.py': 'the declared commands',
}
CATCHES_EVERYTHING = {
    'pyca/loop.py': 'the one place that catches what a service raises',
    'pyca/supervisor.py': 'the last resort, should the loop itself break',
    'pyca/ui/body.py': 'one call, in which each web server raises exceptions of its own for what is not HTTP',
}


def called(node: ast.expr | None) -> str:
    """The last word of the name of what is called, or nothing."""
    if not isinstance(node, ast.Call):
        return ''
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')


def is_state(name: str, value: ast.expr | None) -> bool:
    """Whether a name at the top of a module holds something that could change."""
    if called(value) in TYPE_MAKERS:
        return False
    if called(value) in MUTABLE or (isinstance(value, (ast.List, ast.Set)) and not value.elts):
        return name != '__all__'
    if isinstance(value, ast.Dict) and not value.keys:
        return True
    if CONSTANT.fullmatch(name):
        return False
    return not (TYPE_ALIAS.fullmatch(name) and isinstance(value, (ast.Subscript, ast.BinOp, ast.Name, ast.Attribute)))


def is_guard(node: ast.stmt) -> bool:
    """`if TYPE_CHECKING:`, `if __name__ == '__main__':` or `if sys.version_info ...:`"""
    guards = ('TYPE_CHECKING', '__name__', 'version_info')
    return isinstance(node, ast.If) and any(word in ast.unparse(node.test) for word in guards)


def offences(module: Module) -> Iterator[str]:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    for node in module.tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            yield from (f'{module.at(node)} {name}' for name in names if is_state(name, node.value))
        elif not (isinstance(node, definitions) or is_guard(node) or is_text(node)):
            yield f'{module.at(node)} works at import'


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_a_module_holds_constants_only() -> None:
    declarations = tuple(DECLARATIONS)
    assert not [text for module in modules() if not module.path.startswith(declarations) for text in offences(module)]


def test_nothing_is_global() -> None:
    assert not [
        module.at(node)
        for module in (*modules(), *modules('tests'))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]


def test_only_the_loop_catches_everything() -> None:
    assert not [
        module.at(node.body[0])
        for module in modules()
        if module.path not in CATCHES_EVERYTHING
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and is_wide(node)
    ]


def is_wide(handler: ast.ExceptHandler) -> bool:
    """Whether it stops every exception; one that cleans up, then raises again, stops none."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind) if kind else 'BaseException' for kind in caught}
    last = handler.body[-1]
    return bool(names & {'Exception', 'BaseException'}) and not (isinstance(last, ast.Raise) and last.exc is None)
