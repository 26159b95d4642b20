"""The sentences of the catalogues are those that the program gives as causes, and all that it gives."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator, Mapping

import pytest

from pyca.ui.causes import Causes
from pyca.ui.languages import Languages
from tests.rules.source import DEFINITIONS, Module, modules

LANGUAGES = Languages.shipped()
ENGLISH, GERMAN = LANGUAGES.default, LANGUAGES['de']
CAUSES = Causes(ENGLISH)
SENTENCES = dict(ENGLISH.beginning('cause.'))
PLACE = re.compile(r'\{(\w+)\}')
VALUES = {
    'cause': 'ended by force',
    'uid': 'u1',
    'property': 'DTSTART',
    'title': 'Talk: A; B',
    'folder': '/rec (old)/a',
}
NUMBERS = {'least', 'number', 'parts', 'seconds', 'status'}
GIVING = {
    'pyca.states': {'BACKUP', 'ARCHIVED'},
    'pyca.settings_inputs': {'choose'},
    'pyca.unconfigured': {'TEXT'},
    'pyca.capture': {'_miss', 'close'},
    'pyca.recording.conclusion': set(),
    'pyca.recording.following': {'CANCELLED', 'MOVED'},
    'pyca.recording.gaps': set(),
    'pyca.recording.keeper': {'CANCELLED', 'failure', '_wait'},
    'pyca.recording.leg': {'TOO_EARLY', 'launch', '_close'},
    'pyca.recording.outputs': {'_adopt'},
    'pyca.recording.overlap': {'take', '_named'},
    'pyca.recording.recorder': {'_gone'},
    'pyca.recording.recording': {'NOT_CONFIGURED', 'follow'},
    'pyca.recording.resuming': {'REST'},
    'pyca.recording.run': {'force', '_check_growth'},
    'pyca.recording.standby': {'instead'},
    'pyca.recording.store': {'_made', 'hidden', 'usable', '_not_writable', 'prepare', 'full', '_not_mounted'},
    'pyca.recording.verdict': {'_end'},
    'pyca.schedule.service': {'BAD_CLOCK', '_remark'},
    'pyca.accounts.missed': set(),
    'pyca.accounts.said': set(),
    'pyca.accounts.comparison': set(),
    'pyca.ingest.backup': {'_begun_here', 'hindrance', '_offer', '_say'},
    'pyca.ingest.contents': {'find'},
    'pyca.ingest.decision': {'decide', '_archived', 'opening', '_still_scheduled', '_cannot_be_asked', '_hold'},
    'pyca.ingest.delivery': set(),
    'pyca.ingest.final': {'send', '_begin', 'repeat', '_refused'},
    'pyca.ingest.objections': {'PERHAPS_OURS', '_another'},
    'pyca.ingest.outage': set(),
    'pyca.ingest.presence': {'lacking'},
    'pyca.ingest.primary': set(),
    'pyca.ingest.takeover': {'_UNCLEAR'},
    'pyca.ingest.troubles': set(),
    'pyca.ingest.window': {'HOURS', 'now'},
    'pyca.ingest.worker': set(),
    'pyca.opencast.answers': {'problem', '_verdict', '_page', '_redirect'},
    'pyca.opencast.calendar': {'_read', '_time', '_span', '_attach', '_collect'},
    'pyca.opencast.causes': set(),
    'pyca.opencast.exchange': {'error'},
    'pyca.opencast.http': {'_request'},
    'pyca.opencast.login': {'refusal'},
}
"""Where causes are given: the functions and constants that do; none named: all of the module."""
PUT_TOGETHER = {
    '{} is {}',  # missing, empty
    '{} had the device',
    'The primary agent has not delivered {} of which this backup agent has a copy',
    'This backup agent has {} begun here',
    'an event',
    '{} events',
    'a recording',
    '{} recordings',
    'the event {}',
    'a recording begun here ("{}")',
    '{} ({})',
    'waits for its hours',
    'without a name',
    'without an id',
    '{}: left out, {}',
    '{} What is known of an event that is left out stays as it was.',  # after a full stop
    'event without an id',
    ' (or the interpreter that its first line names)',
    '{}; do the requests reach different nodes? {}',
    '{}: ended, the program is to stop',  # never kept
    ' (as do {} more)',
    ' (short of memory?)',
    ' (process {})',
    ' with exit code {}',
    ' after it said {}',
    'not yet valid',  # words of libcurl
    'alternative certificate subject',
    'does not match',
    'hostname mismatch',
    'self signed',
    'wrong version number',
    'an unknown way',  # a coding
}
"""Parts of sentences, which are said in `test_causes.py`."""


def sample(sentence: str) -> dict[str, str]:
    return {name: '7' if name in NUMBERS else VALUES.get(name, name) for name in PLACE.findall(sentence)}


@pytest.mark.parametrize('name', SENTENCES)
def test_each_sentence_is_found_again(name: str) -> None:
    """What the English catalogue says is what is kept; the German one says it with the same values."""
    values = sample(SENTENCES[name])
    shown = {**values, **({'cause': GERMAN('cause.forced')} if 'cause' in values else {})}
    found = plain(str(CAUSES.said(SENTENCES[name].format(**values), GERMAN)))
    assert found == GERMAN(f'cause.{name}', **shown)


def plain(markup: str) -> str:
    return re.sub('<[^>]*>', '', markup).replace('&#34;', '"').replace('&#39;', "'").replace('&gt;', '>')


@functools.cache
def given(module: Module) -> tuple[tuple[str, str], ...]:
    """The texts in a module, each with the function or constant that it is in; `{}` is the place of a value."""
    named = [node for node in module.tree.body if isinstance(node, ast.Assign)]
    constants = {
        name: text
        for node in named
        for name, text in zip(parts(node.targets[0]), parts(node.value), strict=False)
        if isinstance(name, ast.Name) and isinstance(text, ast.Constant)
    }
    return tuple(texts(module.tree, '', {name.id: str(text.value) for name, text in constants.items()}))


def parts(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def texts(node: ast.AST, owner: str, constants: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, DEFINITIONS):
        owner = node.name
    if isinstance(node, ast.Assign) and not owner:
        owner = next((name.id for name in parts(node.targets[0]) if isinstance(name, ast.Name)), '')
    if logged(node) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    if isinstance(node, ast.JoinedStr):
        yield owner, ''.join(piece(part, constants) for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield owner, node.value
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from texts(child, owner, constants)


def piece(part: ast.expr, constants: Mapping[str, str]) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else None
    return constants.get(value.id, '{}') if isinstance(value, ast.Name) else '{}'


def logged(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == 'logger'


def sentences_of(module: Module) -> Iterator[str]:
    owners = GIVING[module.name]
    for owner, text in given(module):
        if (not owners or owner in owners) and len(re.findall('[A-Za-z]{2,}', text)) > 1 and ' ' in text.strip():
            yield text


def unsaid(text: str) -> bool:
    """Whether a part of it is not ours, whatever stands in its places."""
    places = text.count('{}')
    for values in itertools.product(('7', '', 'X'), repeat=places):
        made = str(CAUSES.said(text.replace('{}', '%s') % values if places else text, GERMAN))
        if not re.search('[A-WYZa-z]', plain(' '.join(re.findall('<bdi lang="en">.*?</bdi>', made)))):
            return False
    return True


def test_no_cause_is_given_that_only_english_readers_understand() -> None:
    """Whoever gives a new cause adds its sentence to the catalogues, under a key of `cause.`."""
    causing = [module for module in modules() if module.name in GIVING]
    assert {module.name for module in causing} == set(GIVING)
    missing = {
        f'{module.path}: {text}'
        for module in causing
        for text in sentences_of(module)
        if text not in PUT_TOGETHER and unsaid(text)
    }
    assert missing == set()


def test_each_name_in_the_list_is_one() -> None:
    names = {(module.name, owner) for module in modules() if module.name in GIVING for owner, _ in given(module)}
    assert {(name, owner) for name, owners in GIVING.items() for owner in owners} - names == set()


def test_no_sentence_is_left_that_nobody_gives_any_more() -> None:
    """Else a sentence whose words were changed would be English on the German page, and nobody would notice."""
    texts = {text for module in modules() if not module.name.startswith('pyca.ui') for _, text in given(module)}
    shapes = [shape(text) for text in texts if len(re.findall('[a-z]+', text)) > 2 and '{}' in text]

    def is_given(sentence: str) -> bool:
        fragments = [part.strip() for part in PLACE.split(sentence)[::2]]
        made = sentence.format(**sample(sentence))
        return all(any(part in text for text in texts) for part in fragments) or any(s.fullmatch(made) for s in shapes)

    assert [
        sentence for sentence in SENTENCES.values() if not is_given(sentence) and sentence not in PUT_TOGETHER
    ] == []


def shape(text: str) -> re.Pattern[str]:
    return re.compile('.+'.join(map(re.escape, text.split('{}'))), re.DOTALL)
