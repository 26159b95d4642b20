"""Each trap of the protocol (contract, section 8) has a test that names it."""

from __future__ import annotations

import re

from tests.rules.source import ROOT

LAST = 34
PASSED_BY = {6, 23, 30}
"""Calls that the agent never makes: capture now, JSON calendars, partial tracks."""


def named() -> set[int]:
    texts = [path.read_text() for path in (ROOT / 'tests').rglob('test_*.py') if path.name != 'test_traps.py']
    groups = [match for text in texts for match in re.findall(r'\bTraps? (\d+(?:(?:, | and )\d+)*)', text)]
    return {int(number) for group in groups for number in re.findall(r'\d+', group)}


def test_every_trap_that_the_agent_can_step_into_is_tested() -> None:
    assert set(range(1, LAST + 1)) - PASSED_BY - named() == set()
