"""Documents that cannot drift: links lead somewhere, commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_every_command_in_the_documents_exists() -> None:
    child = subprocess.run(
        [sys.executable, '-m', 'pyca', '--help'], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for document in DOCUMENTS:
        missing = {word for word in commands(document) if not re.search(rf'\b{word}\b', child.stdout)}
        assert not missing, document
