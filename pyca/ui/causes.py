"""Causes, which are kept in English, said in the language of whoever reads them.

The catalogue of that language has each sentence that pyca itself gives as a cause, word for word, and so tells by
which it is known again. Causes are put together of such sentences, of names before a colon, and of what others said.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from markupsafe import Markup

from pyca.ui.foreign import foreign, tame
from pyca.ui.languages import DEFAULT, Words

LONGEST = 2000
"""Characters; a longer cause is no sentence of ours, and is shown as it is."""
_JOINT = re.compile(r'(; |: |\. |\.$)')
_SPAN = 6
"""Pieces between joints that one sentence may have."""
_MANY = 30
"""Joints; what has more of them is left as it is, too."""
REMEMBERED = 500
"""Causes of which it is kept how they are said: a page shows dozens, mostly the same as the page before."""
_DEPTH = 3
"""How often a cause may be within another one."""
_ASIDE = re.compile(r'(.+?) \((.+)\)', re.DOTALL)
_PLACE = re.compile(r'\{(\w+)\}')
_NUMBERS = dict.fromkeys(('least', 'number', 'parts', 'seconds', 'status'), r'\d+')
_WHOLE = {**_NUMBERS, 'uid': r'\S+', 'property': '[A-Z]+'}
"""What a value looks like, where it is not just any text."""
_FIRST = r'(?:(?!; |: |\. ).)+?'
"""A value at the beginning of a sentence: what stands before a joint is not part of it."""


class Causes:
    """Knows the sentences of pyca."""

    def __init__(self, kept: Words) -> None:
        """`kept`: the language in which causes are kept."""
        sentences = dict(kept.beginning('cause.'))
        self._language = kept.language
        self._plain = {text: name for name, text in sentences.items() if not _PLACE.search(text)}
        shapes = [(name, text) for name, text in sentences.items() if _PLACE.search(text)]
        shapes.sort(key=lambda one: -len(_PLACE.sub('', one[1])))  # the one that says most comes first
        self._shapes = [(re.compile(_pattern(text), re.DOTALL), name) for name, text in shapes]
        self._remembered = lru_cache(REMEMBERED)(self._said)

    def said(self, text: str, words: Words) -> Markup:
        """One or several causes; what is not ours stays as it is, and is said to be of another language."""
        if words.language == self._language:
            return foreign(text)
        ours = len(text) <= LONGEST and len(_JOINT.findall(text)) <= _MANY
        return self._remembered(text, words, 0) if ours else _strange(text)

    def _said(self, text: str, words: Words, depth: int) -> Markup:
        pieces = _JOINT.split(text)
        made, strange, at = Markup(), '', 0
        while at < len(pieces):
            for end in islice(range(at + 1, len(pieces) + 1, 2), _SPAN):
                known = self._known(''.join(pieces[at:end]), words, depth)
                if known is not None:
                    break
            else:
                strange += ''.join(pieces[at : at + 2])
                at += 2
                continue
            made += _before(strange) + known + ''.join(pieces[end : end + 1])
            strange, at = '', end + 1
        return made + _strange(strange)

    def _known(self, text: str, words: Words, depth: int) -> Markup | None:
        """A sentence of ours, perhaps with something in brackets behind it; None for anything else."""
        aside = _ASIDE.fullmatch(text) if depth < _DEPTH else None
        head = self._sentence(aside[1], words, depth) if aside is not None else None
        if aside is None or head is None:
            return self._sentence(text, words, depth)
        return Markup('{} ({})').format(head, self._said(aside[2], words, depth + 1))

    def _sentence(self, text: str, words: Words, depth: int) -> Markup | None:
        if name := self._plain.get(text):
            return Markup.escape(words(f'cause.{name}'))
        for pattern, name in self._shapes:
            match = pattern.fullmatch(text) if depth < _DEPTH else None
            values = self._values(match, words, depth + 1) if match is not None else None
            if values is not None:
                return Markup.escape(words(f'cause.{name}', **values))
        return None

    def _values(self, match: re.Match[str], words: Words, depth: int) -> dict[str, Markup] | None:
        """None if what stands in the place of another cause is none of ours."""
        found = {name: foreign(value) for name, value in match.groupdict().items()}
        if 'cause' in found:
            found['cause'] = self._said(match['cause'], words, depth)
            return None if found['cause'] == _strange(match['cause']) else found
        return found


def _pattern(sentence: str) -> str:
    """What finds a sentence again."""
    found = ''
    for at, part in enumerate(_PLACE.split(sentence)):  # text and names by turns
        value = _WHOLE.get(part) or ('.+?' if found else _FIRST)
        found += f'(?P<{part}>{value})' if at % 2 else re.escape(part)
    return found


def _before(text: str) -> Markup:
    """What is not ours before a sentence that is: a name and a colon, such as an input or an address, or a sentence."""
    name, colon, rest = text.partition(': ')
    if colon and not rest and not _JOINT.search(name):
        return foreign(name) + colon
    body = text.rstrip(' ').rstrip(';:.')
    return _strange(body) + text[len(body) :]


def _strange(text: str) -> Markup:
    return Markup('<bdi lang="{}">{}</bdi>').format(DEFAULT, tame(text)) if text else Markup()
