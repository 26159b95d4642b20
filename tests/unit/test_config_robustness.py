"""Whatever stands in a file, it is understood or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from pyca import config
from pyca.errors import ConfigurationError
from pyca.masking import PUBLISHED, SHORTEST
from pyca.settings import Settings, options, sections
from pyca.values import convert

PLACES = [(option.section, option.key) for section in sections() for option in options(section)]
PIECES = st.sampled_from(
    [
        *(f'[{name}]\n' for name in sections()),
        *(f'{key} = ' for _, key in PLACES),
        *(
            '[',
            ']',
            '[[service_overrides]]\n',
            '[DEFAULT]\n',
            '=',
            ',',
            '"',
            "'",
            "'''",
            '"""',
            '#',
            '\n',
            '\r\n',
            '\t',
        ),
        *(
            '$',
            '$$',
            '${',
            '}',
            '$command',
            '$files',
            '$directory',
            '{{time}}',
            '%(message)s',
            '%',
            '\\',
            '\0',
            '\ufeff',
        ),
        *('https://', 'http://a:b@', '/', '?', '-1', '0', '300', 'k', 'true', 'ä', '\u2028', 'presenter/source'),
        *('\ud83c\udf93'.encode('utf-16', 'surrogatepass').decode('utf-16'), 'name', 'x', '.'),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map(''.join))


ON_A_BUSY_MACHINE = how(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(text: str) -> Settings | ConfigurationError:
    try:
        return config.parse(text, 'pyca.conf')
    except ConfigurationError as error:
        return error


@ON_A_BUSY_MACHINE
@given(TEXTS)
def test_any_text_gives_settings_or_sentences(text: str) -> None:
    result = outcome(text)
    if isinstance(result, ConfigurationError):
        assert result.mistakes
        assert all(mistake.file == 'pyca.conf' and mistake.text for mistake in result.mistakes)
    else:
        assert all(warning.startswith('pyca.conf: ') for warning in result.warnings)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('bytes')


@ON_A_BUSY_MACHINE
@given(content=st.binary())
def test_any_bytes_give_settings_or_sentences(folder: Path, content: bytes) -> None:
    path = folder / 'pyca.conf'
    path.write_bytes(content)
    try:
        said = config.load(str(path)).source
    except ConfigurationError as error:
        said = str(error)
    assert said.startswith(str(path))


@ON_A_BUSY_MACHINE
@given(st.sampled_from(PLACES), TEXTS)
def test_any_value_of_any_option_gives_settings_or_sentences_about_it(place: tuple[str, str], text: str) -> None:
    section, key = place
    value = text.translate(dict.fromkeys(map(ord, "'\0\r")))
    result = outcome(f"[{section}]\n{key} = '''{value}'''")
    if isinstance(result, ConfigurationError):
        assert {mistake.section for mistake in result.mistakes} == {section}
    elif '$' not in value and key not in ('url', 'service_overrides'):
        option = next(option for option in options(section) if option.key == key)
        assert getattr(getattr(result, section), key) == convert(value, option)


@ON_A_BUSY_MACHINE
@given(st.text(st.characters(exclude_characters="\0'$\r\n", exclude_categories=['Cs'])))
def test_a_quoted_text_comes_out_as_it_was_written(name: str) -> None:
    settings = config.parse(f"[agent]\nname = '{name}'", 'pyca.conf')
    assert settings.agent.name == name


@ON_A_BUSY_MACHINE
@given(st.text(st.characters(categories=['L', 'N', 'P', 'S'], exclude_characters="'"), min_size=12), TEXTS)
def test_a_password_is_in_no_sentence(password: str, text: str) -> None:
    secret = password.replace('$', '$$')
    result = outcome(f"[server]\npassword = '{secret}'\n{text}")
    sentences = str(result) if isinstance(result, ConfigurationError) else '\n'.join(result.warnings)
    assert len(password) >= SHORTEST
    assert password not in sentences or password in PUBLISHED or password in text
