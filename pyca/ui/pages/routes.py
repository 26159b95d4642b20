"""The routes of the pages."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from pyca.ui.commands import Commands
from pyca.ui.logview import LogViews
from pyca.ui.overview.sources import Sources
from pyca.ui.pages.actions import Actions
from pyca.ui.pages.answer import Answers
from pyca.ui.pages.log import LogPage
from pyca.ui.pages.status import Status
from pyca.ui.pages.story import StoryPage
from pyca.ui.reader import Readers
from pyca.ui.story.tell import Stories

EVENT = '/events/<path:uid>'


def blueprint(sources: Sources, commands: Commands, readers: Readers, views: LogViews) -> Blueprint:
    """`/` leads to the page, as on existing installations."""
    pages = Blueprint('pages', __name__)
    answers = Answers(sources, commands, readers)
    status, actions = Status(sources, answers, readers, logged=views.enabled), Actions(commands)
    story = StoryPage(Stories(sources), answers)
    log = LogPage(views, answers)

    @pages.get('/')
    def index() -> Response:
        return redirect(url_for('pages.status'))

    pages.get('/status', endpoint='status')(status.page)
    pages.get('/room', endpoint='room')(status.room)
    pages.get('/log', endpoint='log')(log.page)
    pages.get(EVENT, endpoint='story')(story.page)
    pages.get(f'{EVENT}/<any(end, retry, delete):deed>', endpoint='ask')(story.ask)
    pages.post(f'{EVENT}/end', endpoint='end')(actions.end)
    pages.post(f'{EVENT}/extend', endpoint='extend')(actions.extend)
    pages.post(f'{EVENT}/retry', endpoint='retry')(actions.retry)
    pages.post(f'{EVENT}/delete', endpoint='delete')(actions.delete)
    pages.post('/record', endpoint='record')(actions.record)
    return pages
