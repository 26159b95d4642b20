"""A page as a browser takes it apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {'meta', 'link', 'input', 'br', 'img', 'hr'}
UNSEEN = {'script', 'style', 'noscript'}


@dataclass
class Element:
    """An element with what is in it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name) or ''

    def all(self, tag: str = '', **attributes: str) -> list[Element]:
        """Those inside with this tag, with attributes of these values."""
        return [
            each
            for each in self.walk()
            if tag in ('', each.tag) and all(each[name] == value for name, value in attributes.items())
        ]

    def one(self, tag: str = '', **attributes: str) -> Element:
        [found] = self.all(tag, **attributes)
        return found

    def walk(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    @property
    def text(self) -> str:
        """What can be read, blanks as a browser shows them."""
        return ' '.join(self._texts().split())

    def _texts(self) -> str:
        if self.tag in UNSEEN:
            return ''
        return ''.join(child if isinstance(child, str) else child._texts() for child in self.children)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element('', {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open[-1].tag, f'</{tag}> ends <{self.open[-1].tag}>'
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: str) -> Element:
    """The whole page. What is not well nested is an error."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    [root] = parser.open
    return root
