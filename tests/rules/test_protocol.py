"""What the manual says of the protocol is what the code does, and each statement has its test or its decision."""

from __future__ import annotations

import re

from pyca.states import TOLD, Moment
from tests.rules.source import ROOT, modules

TEXT = (ROOT / 'docs' / 'protocol.md').read_text()
DOCUMENTS = 'ABCDE'


def decisions() -> list[int]:
    return [int(number) for number in re.findall(r'(?m)^### D(\d+)\. ', TEXT)]


def rows() -> list[list[str]]:
    """The statements, each with its number and what it is answered with."""
    lines = re.findall(r'(?m)^\| ([A-E]-?\d+ \|.*) \|$', TEXT)
    return [re.split(r' \| ', line) for line in lines]


def test_every_test_that_is_named_exists() -> None:
    there = {f'{module.path}::{function.name}' for module in modules('tests') for function in module.functions}
    named = set(re.findall(r'`(tests/[^`]*)`', TEXT))
    assert named - there == set()


def test_every_statement_has_a_test_or_a_decision() -> None:
    for number, statement, answer in rows():
        assert statement, number
        known = [int(found) for found in re.findall(r'\bD(\d+)\b', answer)]
        assert known or '`tests/' in answer or '`LICENSE`' in answer, number
        assert set(known) <= set(decisions()), number


def test_the_statements_of_each_document_are_numbered_without_a_gap() -> None:
    numbers: dict[str, list[int]] = {document: [] for document in DOCUMENTS}
    for row in rows():
        numbers[row[0][0]].append(int(re.sub(r'\D', '', row[0])))
    for document, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), document
        assert found, document


def test_the_decisions_are_numbered_and_each_is_a_text() -> None:
    assert decisions() == list(range(1, len(decisions()) + 1))
    for decision in re.split(r'(?m)^##+ ', TEXT.partition('## Decisions')[2].partition('## States')[0])[1:]:
        assert len(decision.split()) > 15, decision


def test_the_table_of_states_is_that_of_the_code() -> None:
    table = TEXT.partition('## States')[2].partition('## Intervals')[0]
    said = re.findall(r'(?m)^\| (it[^|]*|the [^|]*|a person[^|]*|its [^|]*) \| (\S+) \| (\S+) \|$', table)
    expected = [(m.words, f'`{m.told.value}`' if m.told else '–', f'`{TOLD[m.doing].value}`') for m in Moment]
    assert said == expected
