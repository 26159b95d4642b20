"""The capture command with its placeholders."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyca.errors import ConfigurationError, Mistake


def arguments(command: str, *, directory: str, name: str, preview_dir: str, inputs: Sequence[str] = ()) -> list[str]:
    """The words of the command for one recording; `{{time}}` is left for the keeper.

    The command is split before its placeholders are filled, so that a folder with blanks or quotes stays one word.
    `directory` is the folder of the recording as the configuration writes it (`./recordings/<name>`).
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _mistake(f'"{command}" cannot be split into words ({error}): close every quote') from error
    if not words or not words[0]:
        raise _mistake('is empty: name the program that records')
    values = {'dir': directory, 'name': name, 'previewdir': preview_dir, 'inputs': ','.join(inputs)}
    return [filled(word, values) for word in words]


def output_files(files: Sequence[str], directory: str, name: str) -> list[Path]:
    """The files that the recorder is to write, in the order of the configuration."""
    return [Path(filled(file, {'dir': directory, 'name': name})) for file in files]


def preview_files(preview: Sequence[str], preview_dir: str) -> list[Path]:
    """The preview pictures."""
    return [Path(filled(file, {'previewdir': preview_dir})) for file in preview]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with the values in the place of their names."""
    pattern = '|'.join(re.escape(f'{{{{{name}}}}}') for name in values)
    return re.sub(pattern, lambda found: values[found[0][2:-2]], text)


def _mistake(text: str) -> ConfigurationError:
    return ConfigurationError([Mistake('', 'capture', 'command', text)])
