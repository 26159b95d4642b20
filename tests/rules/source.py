"""The source files that the rules are about."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """One parsed file."""

    path: str
    """From the root of the project, with slashes."""
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """As `import` says it; a package is its `__init__.py`."""
        return self.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, DEFINITIONS):
                yield node

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f'{self.path}:{node.lineno}'


@functools.cache
def modules(folder: str = 'pyca') -> tuple[Module, ...]:
    """Every file with content below the folder."""
    found = []
    for path in sorted((ROOT / folder).rglob('*.py')):
        text = path.read_text(encoding='utf-8')
        if text.strip():
            found.append(Module(path.relative_to(ROOT).as_posix(), ast.parse(text), len(text.splitlines())))
    return tuple(found)
