"""The page of one event: its story, with what can be done."""

from __future__ import annotations

from flask import Response, request

from pyca.ui.languages import Words
from pyca.ui.overview.gather import CALM, LIVELY
from pyca.ui.pages.answer import Answers, Content
from pyca.ui.story.model import Step
from pyca.ui.story.tell import Stories

LIVELY_STATES = ('recording', 'uploading')


class StoryPage:
    """Shows a story, or asks before something that costs."""

    def __init__(self, stories: Stories, answers: Answers) -> None:
        self._stories = stories
        self._answers = answers

    def page(self, uid: str) -> Response:
        return self._answers.page(lambda: self._told(uid))

    def ask(self, uid: str, deed: str) -> Response:
        """The question before `deed`: what follows from it, with a way back."""
        return self._answers.page(lambda: self._question(uid, deed))

    def _told(self, uid: str) -> Content:
        story = self._stories.of(uid, start_of(request.args.get('start', '')))
        if story is None:
            return Content('nobody.html', {}, 0.0, 404)
        holds = LIVELY if story.status in LIVELY_STATES else CALM
        return Content(
            'story.html', {'story': story, 'step_key': step_key, 'step_values': step_values}, story.now + holds
        )

    def _question(self, uid: str, deed: str) -> Content:
        story = self._stories.of(uid, start_of(request.args.get('start', '')))
        if story is None:
            return Content('nobody.html', {}, 0.0, 404)
        return Content('ask.html', {'story': story, 'deed': deed, 'possible': deed in story.actions}, 0.0)


def start_of(text: str) -> int | None:
    """The start of a recording, as it stands in an address or a form."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**31 else None


def step_key(step: Step) -> str:
    """The sentence that tells a step."""
    if step.code == 'recorder_started' and step.values.get('late', 0) >= 1:
        return 'step.recorder_started_late'
    if step.code == 'recorder_ended':
        return f'step.recorder_ended_{step.values.get("verdict", "unknown")}'
    return f'step.{step.code}'


def step_values(step: Step, words: Words) -> dict[str, object]:
    """What its sentence needs. People count runs from one."""
    found = {name: words.number(value) if isinstance(value, float) else value for name, value in step.values.items()}
    return {**found, 'number': step.values.get('number', 0) + 1}
