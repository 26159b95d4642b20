"""Forms as `multipart/form-data`: fields with files between them, in an order that matters."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyca.opencast.body import Body, Stretch


@dataclass(frozen=True)
class FilePart:
    """A file in a form, under the name that the core is to give it; `content` is what it is made of."""

    name: str
    content: Sequence[bytes | Stretch]


Field = tuple[str, str]


class Form(Body):
    """Fields and files in order. Only the files have a filename: whatever part has one is a file to the core.

    The last piece of the body is the last one of the last part with what follows it.
    """

    def __init__(self, parts: Sequence[Field | FilePart]) -> None:
        boundary = f'pyca-{secrets.token_hex(16)}'
        pieces: list[bytes | Stretch] = []
        for number, part in enumerate(parts):
            opening = f'{chr(13) + chr(10) if number else ""}--{boundary}\r\nContent-Disposition: form-data; name='
            if isinstance(part, FilePart):
                head = f'"BODY1"; filename="{part.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
                pieces += [_bytes(opening + head), *part.content]
            else:
                pieces.append(_bytes(f'{opening}"{part[0]}"\r\n\r\n{part[1]}'))
        last = pieces[-1] if pieces else b''
        end = _bytes(f'\r\n--{boundary}--\r\n')
        super().__init__([*pieces[:-1], last + end] if isinstance(last, bytes) else [*pieces, end])
        self.content_type = f'multipart/form-data; boundary={boundary}'


class Multipart(Form):
    """A form with at most one file, which comes last (contract 7.3, trap 25)."""

    def __init__(self, fields: Sequence[Field], name: str = '', path: Path | None = None) -> None:
        """Raises OSError when the file cannot be opened."""
        self.fields, self.name, self.path = fields, name, path
        super().__init__([*fields, *([FilePart(name, [Stretch(path)])] if path is not None else [])])


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'replace')
