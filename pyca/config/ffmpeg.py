"""What in the options of an ffmpeg command is likely not meant."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyca.config.checks import Finding
from pyca.config.inputs import label
from pyca.settings import Capture, Settings
from pyca.settings_inputs import legs

LENGTHS = ('-t', '-to')
COUNTS = ('-frames', '-frames:v', '-vframes')
PICTURES = ('.jpg', '.jpeg', '.png')


@dataclass(frozen=True)
class End:
    """An input or an output with the options that stand before it, which are its own."""

    file: str
    options: tuple[str, ...]
    output: bool

    def has(self, *names: str) -> bool:
        return any(name in self.options for name in names)

    @property
    def one_picture_again_and_again(self) -> bool:
        """Whether each picture is to replace the one before it."""
        plain = self.file.lower().endswith(PICTURES) and '%' not in self.file
        return self.output and plain and not self.has(*COUNTS) and self._format in ('', 'image2')

    @property
    def _format(self) -> str:
        at = self.options.index('-f') + 1 if '-f' in self.options else len(self.options)
        return self.options[at] if at < len(self.options) else ''


def ffmpeg_hints(settings: Settings) -> Iterator[Finding]:
    """Only of what is certain: a command that is no ffmpeg, or that cannot be read, is somebody's own affair."""
    capture = settings.capture
    for leg in legs(capture, [each.name for each in capture.inputs]):
        ends = _ends(leg.settings)
        for text in [*_endless(leg.settings, ends), *_pictures(ends)]:
            yield ('inputs', label(leg.name, 'command'), text) if leg.name else ('capture', 'command', text)


def _ends(capture: Capture) -> list[End]:
    """Inputs and outputs in their order. Outputs are known by `files`, `preview`, or the folder of the pictures."""
    outputs = {*capture.files, *capture.preview}
    words = iter(_arguments(capture.command))
    found: list[End] = []
    options: list[str] = []
    for word in words:
        output = word in outputs or word.startswith('{{previewdir}}/')
        if output or word == '-i':
            found.append(End(word if output else next(words, ''), tuple(options), output))
            options = []
        else:
            options.append(word)
    return found


def _arguments(command: str) -> Sequence[str]:
    """What is given to ffmpeg, which may stand behind `nice` or the like; nothing for another program."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ()
    at = next((number for number, word in enumerate(words) if os.path.basename(word) == 'ffmpeg'), len(words))
    return words[at + 1 :]


def _endless(capture: Capture, ends: Sequence[End]) -> Iterator[str]:
    """Outputs without a length beside one that has it: ffmpeg ends with the last of them."""
    if capture.sigcustom_time >= 0 or capture.sigterm_time >= 0:
        return  # it is ended anyway
    outputs = [end for end in ends if end.output]
    inputs_end = any(end.has(*LENGTHS) for end in ends if not end.output)
    if inputs_end or not any(end.has(*LENGTHS) for end in outputs):
        return
    until = 'until it is killed' if capture.sigkill_time >= 0 else 'for ever'
    for end in outputs:
        if not end.has(*LENGTHS, *COUNTS):
            text = f'{end.file!r} has no -t of its own, so that ffmpeg goes on after the event {until}'
            yield f'{text}; write -t {{{{time}}}} before it, too'


def _pictures(ends: Sequence[End]) -> Iterator[str]:
    for end in ends:
        if end.has('-updatefirst'):
            yield "today's ffmpeg does not know -updatefirst, so that it would not start; write -update 1 instead"
        elif end.one_picture_again_and_again and not end.has('-update'):
            text = f'{end.file!r} has no -update 1, so that ffmpeg breaks off at its second picture'
            yield f'{text}; write -update 1 before it'
