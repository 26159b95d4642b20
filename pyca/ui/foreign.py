"""Text that others wrote, made harmless to look at: titles, causes, lines of a log."""

from __future__ import annotations

import hashlib
import re

from flask import Flask
from markupsafe import Markup

_CONTROL = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_TURNING = re.compile('[\u202a-\u202e\u2066-\u2069]')
"""Characters that turn the direction of what follows, beyond the end of the text, too."""


def register(app: Flask) -> None:
    """Make them known to the templates."""
    app.jinja_env.filters.update(tame=tame, foreign=foreign)
    app.jinja_env.globals.update(identity=identity)


def tame(text: object) -> str:
    """For attributes, `<title>`, `<pre>`: without characters that turn the direction, control ones made visible.

    The marks that Arabic or Hebrew text needs between its words stay, and so do line breaks.
    """
    return _CONTROL.sub('\N{REPLACEMENT CHARACTER}', _TURNING.sub('', str(text).replace('\r\n', '\n')))


def foreign(text: object) -> Markup:
    """For everywhere else: an element that keeps the direction of this text to itself."""
    return Markup('<bdi>{}</bdi>').format(tame(text))


def identity(uid: str, start: object = '') -> str:
    """A name for the element that shows a recording: the same with each refresh, whatever a uid is made of."""
    return f'r{start}-{hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:10]}'
