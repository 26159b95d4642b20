"""Documents that cannot drift: links lead somewhere, commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pyca import config
from tests.rules.source import ROOT

DOCUMENTS = sorted([*ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md'), *(ROOT / 'init').rglob('*.md')])
COMMAND = re.compile(r'^\s*(?:\$ )?(?:\./start\.sh|pyca|python3? -m pyca)((?: +\S+)*)\s*(?:#.*)?$', re.MULTILINE)


def commands(document: Path) -> set[str]:
    """The commands of pyca that the code blocks of a document call."""
    blocks = re.findall(r'^```(?:sh|bash|console|shell)?\n(.*?)^```', document.read_text(), re.MULTILINE | re.DOTALL)
    found = set()
    for arguments in COMMAND.findall('\n'.join(blocks)):
        words = re.sub(r'#.*|(-c|--config)[ =]\S+', '', arguments).split()
        found |= {word for word in words[:1] if not word.startswith('-')}
    return found


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    text = re.sub(r'```.*?```|`[^`\n]*`', '', document.read_text(), flags=re.DOTALL)
    targets = [target.split('#')[0] for target in re.findall(r'\]\(([^)\s]+)\)', text) if '://' not in target]
    assert not [target for target in targets if target and not (document.parent / target).exists()]


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_path_that_is_named_exists(document: Path) -> None:
    """The changelog is left out, which tells of what was once, and the contract, whose paths are Opencast's."""
    named = re.findall(
        r'`(?:\./)?((?:\.ci|benchmarks|docs|etc|init|pyca|tests)/[\w./-]*|start\.sh|\w+\.md)`', document.read_text()
    )
    made = {line.strip('/') for line in (ROOT / '.gitignore').read_text().splitlines()}  # by a test run
    named = [name for name in named if name.strip('/') not in made]
    missing = [name for name in named if not (ROOT / name).exists() and not (document.parent / name).exists()]
    assert document.name in {'CHANGELOG.md', 'contract.md'} or not missing


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_example_of_a_configuration_is_understood(document: Path) -> None:
    """Examples of units, which have a `[Service]`, and those of the notation itself are none."""
    for text in re.findall(r'(?s)```ini\n(.*?)```', document.read_text()):
        if '[Service]' in text or '[section]' in text:
            continue
        warnings = config.parse(text, document.name).warnings
        assert not [warning for warning in warnings if ' is no ' in warning or 'placeholder' in warning]


def test_every_command_in_the_documents_exists() -> None:
    child = subprocess.run(
        [sys.executable, '-m', 'pyca', '--help'], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for document in DOCUMENTS:
        missing = {word for word in commands(document) if not re.search(rf'\b{word}\b', child.stdout)}
        assert not missing, document


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_place_in_a_sample_of_the_log_exists(document: Path) -> None:
    for module, name in re.findall(r'\[(pyca[\w.]+):(?:<line>:)?(\w+)\(\)\]', document.read_text()):
        source = ROOT.joinpath(*module.split('.')).with_suffix('.py')
        assert re.search(rf'def {name}\(', source.read_text()), f'{module}:{name}()'
