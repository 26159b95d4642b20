"""The codes of the overview, said in a language, without times: those are said beside."""

from __future__ import annotations

from collections.abc import Sequence

from pyca.ui.languages import Words
from pyca.ui.overview.model import Problem, Verdict


def verdict(words: Words, said: Verdict, problems: Sequence[Problem]) -> str:
    worst = next((problem(words, one) for one in problems if one.code == said.values.get('problem')), '')
    return words(f'verdict.{said.code}', problem=worst)


def problem(words: Words, found: Problem) -> str:
    values = {name: words.number(abs(v)) if isinstance(v, float) else v for name, v in found.values.items()}
    return words(f'problem.{found.code}', **values)


def consequence(words: Words, found: Problem) -> str:
    return words(f'consequence.{found.consequence}')


def remedy(words: Words, found: Problem) -> str:
    return words(f'remedy.{found.remedy}')
