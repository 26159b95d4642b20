from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyca.errors import ConfigurationError
from pyca.recording.command import arguments, output_files, preview_files

PLAIN = {'directory': './recordings/recording-1-a', 'name': 'recording-1-a', 'preview_dir': '/tmp/preview'}


@pytest.mark.parametrize(
    ('command', 'words'),
    [
        ('rec {{dir}}/{{name}}.mp4', ['rec', './recordings/recording-1-a/recording-1-a.mp4']),
        (
            '/opt/rec.sh "{{dir}}" {{name}} {{time}}',
            ['/opt/rec.sh', './recordings/recording-1-a', 'recording-1-a', '{{time}}'],
        ),
        ('r {{previewdir}}/p.jpg', ['r', '/tmp/preview/p.jpg']),
        ('r a\\ b \'c d\' "e  f" # g', ['r', 'a b', 'c d', 'e  f', '#', 'g']),
        ('r {{other}} {{ time }} %(time)s', ['r', '{{other}}', '{{', 'time', '}}', '%(time)s']),
        ('r\n  -x\n  {{name}}', ['r', '-x', 'recording-1-a']),
    ],
)
def test_words_of_a_command(command: str, words: list[str]) -> None:
    assert arguments(command, **PLAIN) == words


@pytest.mark.parametrize('folder', ['/a b/c', "/it's", '/"q"', '/back\\slash', '/$HOME', '/{{name}}', '/ä'])
def test_a_folder_stays_one_word(folder: str) -> None:
    """H18: placeholders were filled before the splitting."""
    words = arguments('rec -o {{dir}}/{{name}}.mp4 "{{dir}}"', directory=folder, name='n', preview_dir='p')

    assert words == ['rec', '-o', f'{folder}/n.mp4', folder]


@given(st.lists(st.sampled_from(['{{dir}}', '{{name}}', '{{previewdir}}', ' ', '"', "'", 'x', '-o', '/', '.mp4'])))
def test_commands_that_worked_before_give_the_same_words(parts: list[str]) -> None:
    # filling first, splitting afterwards: what existing configurations were written for
    command = 'rec ' + ''.join(parts)
    filled = command
    for key, value in (('dir', 'directory'), ('name', 'name'), ('previewdir', 'preview_dir')):
        filled = filled.replace(f'{{{{{key}}}}}', PLAIN[value])
    try:
        expected = shlex.split(filled)
    except ValueError:
        return

    assert arguments(command, **PLAIN) == expected


@pytest.mark.parametrize(('command', 'says'), [('rec "x', 'quot'), ('', 'empty'), ('   ', 'empty'), ('""', 'empty')])
def test_a_command_that_is_none_is_a_mistake_of_the_configuration(command: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        arguments(command, **PLAIN)

    assert '[capture] command' in str(caught.value)


def test_files_of_a_recording() -> None:
    files = ['{{dir}}/{{name}}.mp4', '{{dir}}/x {{name}}/{{dir}}', '/fixed']

    assert output_files(files, '/r s', 'n') == [Path('/r s/n.mp4'), Path('/r s/x n/r s'), Path('/fixed')]
    assert preview_files(['{{previewdir}}/a.jpg'], '/p q') == [Path('/p q/a.jpg')]
