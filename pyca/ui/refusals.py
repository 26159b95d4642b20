"""Answers to requests that are not let in."""

from __future__ import annotations

import json
import math

from flask import Response, request

MEDIA_TYPE = 'application/vnd.api+json'
"""What the API speaks."""

DEFAULT_LOGIN = (
    'pyCA answers only to this machine itself, because its login is the one that everybody knows (admin, opencast).\n'
    'Choose another one: run "pyca password", put the line that it prints into section [ui] of pyca.conf, restart.\n'
    'Or let everybody in who knows that login: allow_default_login = true, in the same section.'
)
READ_ONLY = 'This login may look at everything and change nothing. Log in as somebody who may.'
NOT_FROM_HERE = 'This was not sent from a page of this agent, or the page was too old. Load the page again, try again.'
UNREADABLE = 'What was sent cannot be read: it is not as HTTP has it.'

NOWHERE = 'There is nothing of this name.'


def refuse(status: int, text: str) -> Response:
    """In words; an error object for who speaks to the API."""
    if request.path.startswith('/api/'):
        body = json.dumps({'errors': [{'status': status, 'title': text.replace('\n', ' ')}]})
        return Response(body, status, mimetype=MEDIA_TYPE)
    return Response(f'{text}\n', status, mimetype='text/plain')


def unknown(wait: float) -> Response:
    """Nobody known asks: log in (to the letter what existing clients get), or wait."""
    if wait:
        refusal = refuse(429, 'Too many logins have failed. Wait a moment before you try again.')
        refusal.headers['Retry-After'] = str(max(1, math.ceil(wait)))
        return refusal
    return Response(
        'pyCA: Login required\n', 401, {'WWW-Authenticate': 'Basic realm="pyCA Login"'}, mimetype='text/html'
    )


def wrong_media_type() -> Response:
    """To the letter what existing clients get."""
    return Response(f'Unsupported Media Type (expected: {MEDIA_TYPE})', 415, mimetype='text/html')
