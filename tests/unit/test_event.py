"""What an event's recording is called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyca.event import Event


@pytest.mark.parametrize('uid', ['68b19d11-6aca-413e-b2b3-eda72eebc65a', '4711', 'hall_1.2026@x', 'Hörsaal', '录音'])
def test_a_plain_id_is_in_the_name_as_it_is(uid: str) -> None:
    """Peers C23."""
    assert Event(uid, 7, 8).name == f'recording-7-{uid}'


@settings(deadline=None)
@given(st.text(), st.text())
def test_no_id_is_more_than_a_word_of_a_shell_or_shares_its_name(one: str, other: str) -> None:
    """H17: a command may be `sh -c "... {{dir}}/{{name}}"`."""
    name = Event(one, 7, 8).name
    assert not re.search(r"[\s/\\$`'\"{}()<>|&;*?!#\[\]\x00-\x1f\x7f]", name)
    assert len(name.encode()) < 230
    assert one == other or name != Event(other, 7, 8).name
