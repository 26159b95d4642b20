"""Inputs: read from the file, selected by events, told to the core."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pyca import config
from pyca.config.inputs import LONGEST
from pyca.errors import ConfigurationError
from pyca.opencast.capabilities import document, properties
from pyca.opencast.zone import zone_name
from pyca.settings import Capture, Input, Settings
from pyca.settings_inputs import choose, legs
from pyca.values import show

CAMERA = "[[camera]]\nflavors = presenter/source\nfiles = '{{dir}}/{{name}}-camera.mkv'\ndevice = /dev/video0\n"
SLIDES = "[[slides]]\nflavors = presentation/source\nfiles = '{{dir}}/{{name}}-slides.mkv'\nbitrate = 4000000\n"
OWN = f"{SLIDES}command = 'grab {{{{time}}}} {{{{dir}}}}/{{{{name}}}}-slides.mkv'\n"
SOUND = "[[sound]]\nflavors = presenter/audio\nfiles = '{{dir}}/{{name}}.flac'\n"
BOTH = ('camera', 'slides')


def read(*parts: str) -> Settings:
    return config.parse('[inputs]\n' + ''.join(parts), 'pyca.conf')


def wrong(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        config.parse(text, 'pyca.conf')
    return str(caught.value)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_inputs_are_read_in_the_order_of_the_file() -> None:
    assert read(CAMERA, OWN).capture.inputs == (
        Input('camera', ('presenter/source',), ('{{dir}}/{{name}}-camera.mkv',), '', {'device': '/dev/video0'}),
        Input(
            'slides',
            ('presentation/source',),
            ('{{dir}}/{{name}}-slides.mkv',),
            'grab {{time}} {{dir}}/{{name}}-slides.mkv',
            {'bitrate': '4000000'},
        ),
    )


def test_good_inputs_are_read_without_a_warning_about_them() -> None:
    assert [warning for warning in read('format = xml\n', CAMERA, OWN).warnings if 'inputs' in warning] == []


def test_a_list_among_the_other_keys_is_told_as_it_stands_there() -> None:
    assert read('[[a]]\nresolutions = 1080p, 720p\n').capture.inputs[0].more == {'resolutions': '1080p,720p'}


def test_a_name_loses_the_blanks_around_it_and_keeps_those_within() -> None:
    assert [each.name for each in read('[[" left camera "]]\nx = 1\n').capture.inputs] == ['left camera']


def test_a_key_stands_for_the_value_of_another_one() -> None:
    assert read('[[a]]\ndevice = /dev/video0\nsrc = $device\n').capture.inputs[0].more['src'] == '/dev/video0'


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('[inputs]\n[[camera]]\nx=1\n[[" camera"]]\nx=1', '[inputs] [[camera]]: is there already; names count without'),
        ('[inputs]\n[[camera]]\nx=1\n[[camera]]\nx=1', 'this section is there already'),
        ('[inputs]\n[[""]]\nx=1', 'this section header cannot be read; write [name], or [[name]] within'),
        ('[inputs]\n[["a, b"]]\nx=1', '[[a, b]]: has a comma, an equals sign or a control character in it'),
        ('[inputs]\n[["a=b"]]\nx=1', '[[a=b]]: has a comma, an equals sign'),
        ('[inputs]\n[[null]]\nx=1', '[[null]]: means "all inputs" where events select some; choose another name'),
        (f'[inputs]\n[[{"x" * (LONGEST + 1)}]]\ny=1', f'has a name of more than {LONGEST} characters'),
        ('[inputs]\n[[a]]\n[[[b]]]\nx=1', '[inputs] [[a]] b: is a key, not a section; write b = and its value'),
        ('[inputs]\n[[a]]\nfiles = x', '[inputs] [[a]] files: number of files: 1, of flavors: 0; write one flavor'),
        ('[inputs]\n[[a]]\nfiles = x\nflavors = y', "[inputs] [[a]] flavors: 'y' is no flavor; write type/subtype"),
        ("[inputs]\n[[a]]\nflavors = a/b\nfiles = ''''''", '[inputs] [[a]] files: number of files: 0'),
        ('[inputs]\n[[a]]\ncommand = x', '[inputs] [[a]] files: has a command and no files; write the files that'),
        ("[inputs]\n[[a]]\ncommand = '''x \"'''", '[inputs] [[a]] command: cannot be split into words'),
        ('[inputs]\n[[a]]\ncommand = x, y', '[inputs] [[a]] command: was read as a list because of a comma; put the'),
        ('[inputs]\n[[a]]\npassword = x', '[inputs] [[a]] password: looks like a secret, and is posted to the core'),
        ('[inputs]\n[[a]]\nstream_token = x', 'stream_token: looks like a secret'),
        ("[inputs]\n[[a]]\nnote = '''b\nc'''", '[inputs] [[a]] note: has a line break in it'),
        ('[inputs]\n[[a]]\ndevice = $nothing', "[inputs] [[a]] device: '$nothing' stands for the option 'nothing'"),
        ('[inputs]\nformat = yaml', "[inputs] format: 'yaml' is not known; write json or xml"),
        (f'[capture]\nfiles = x\n[inputs]\n{CAMERA}', '[capture] files: does nothing beside the files of [inputs]'),
        (f'[capture]\nflavors = a/b\n[inputs]\n{CAMERA}', '[capture] flavors: does nothing beside the files of'),
        (
            "[inputs]\n[[a]]\nflavors=x/y\nfiles='{{dir}}/f'\n[[b]]\nflavors=x/y\nfiles='{{dir}}/./f'",
            "[inputs] [[b]] files: '{{dir}}/f' and '{{dir}}/./f' are one file; write another path for each track",
        ),
    ],
)
def test_a_mistake_is_said_in_a_sentence(text: str, sentence: str) -> None:
    assert sentence in wrong(text)


def test_a_secret_is_not_repeated_by_the_sentence_about_it() -> None:
    assert 'hunter2' not in wrong('[inputs]\n[[a]]\npassword = hunter2')


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ("[[a]]\nflavors=x/y\nfiles='{{dir}}/{{time}}'\n", '[inputs] [[a]] files: {{time}} is no placeholder here'),
        (
            "[[a]]\nflavors=x/y\nfiles='{{dir}}/f'\ncommand='run {{input}}'\n",
            '[inputs] [[a]] command: {{input}} is no placeholder here and stays as it is; known are {{time}} {{dir}}',
        ),
        ("[[a]]\nflavors=x/y\nfiles='/f'\n", "[inputs] [[a]] files: '/f' is the same for every recording"),
        ('a = 1\n', '[inputs] a: is no option that the agent knows and does nothing'),
        ('[[a]]\ndevice = x#y\n', '[inputs] device: ends before its #, which begins a comment'),
    ],
)
def test_what_is_odd_is_said_too(text: str, sentence: str) -> None:
    assert any(sentence in warning for warning in read(text).warnings)


def test_a_common_command_that_records_nothing_is_said() -> None:
    settings = config.parse(f"[capture]\ncommand = 'run x'\n[inputs]\n{OWN}", 'pyca.conf')
    assert any('[capture] command: does nothing: every input' in warning for warning in settings.warnings)


def test_an_ffmpeg_of_an_input_is_looked_at_as_well() -> None:
    end = "files='{{dir}}/f.mkv', '{{dir}}/g.mkv'\ncommand='ffmpeg -i x -t {{time}} {{dir}}/f.mkv {{dir}}/g.mkv'\n"
    settings = read(f'[[a]]\nflavors=x/y, x/z\n{end}')
    assert any('[[a]] command: ' in warning and 'has no -t of its own' in warning for warning in settings.warnings)


def test_the_inputs_are_shown_without_passwords() -> None:
    shown = show(read(OWN, 'src = rtsp://me:hunter2@cam/1\n'))
    assert '[[slides]]\nflavors = presentation/source\n' in shown
    assert 'src = rtsp://me:***@cam/1\n' in shown


# -- what an event gets -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('wanted', 'inputs', 'complaint'),
    [
        ([], BOTH, ''),
        (['slides'], ('slides',), ''),
        (['slides', 'camera', 'slides'], BOTH, ''),
        (['camera', 'organ', 'bell'], ('camera',), 'the event selects inputs that are not there: organ, bell'),
        (['organ'], BOTH, 'the event selects inputs that are not there: organ; all inputs are recorded'),
        (['Camera'], BOTH, 'the event selects inputs that are not there: Camera; all inputs are recorded'),
    ],
)
def test_the_selection_of_an_event(wanted: list[str], inputs: tuple[str, ...], complaint: str) -> None:
    choice = choose(read(CAMERA, SLIDES).capture, wanted)
    assert (choice.inputs, choice.complaint) == (inputs, complaint)


def test_without_inputs_there_is_nothing_to_choose_and_nothing_to_complain_of() -> None:
    choice = choose(Capture(), ['camera'])
    assert (choice.inputs, choice.complaint) == ((), '')
    assert [(leg.name, leg.settings, leg.inputs) for leg in legs(Capture(), ())] == [('', Capture(), ())]


def test_a_selection_to_which_no_file_belongs_records_everything() -> None:
    choice = choose(read(CAMERA, '[[live]]\nurl = x\n').capture, ['live'])
    assert choice.inputs == ('camera', 'live')
    assert choice.complaint == 'no file belongs to what the event selects; all inputs are recorded'


def test_inputs_of_the_common_command_share_its_one_run() -> None:
    capture = read(CAMERA, SLIDES, SOUND).capture
    (leg,) = legs(capture, ['slides', 'sound'])
    assert leg.settings.command == capture.command
    assert leg.settings.files == ('{{dir}}/{{name}}-slides.mkv', '{{dir}}/{{name}}.flac')
    assert leg.settings.flavors == ('presentation/source', 'presenter/audio')
    assert leg.inputs == ('slides', 'sound')


def test_an_input_with_a_command_is_recorded_by_it_alone() -> None:
    capture = read(CAMERA, OWN).capture
    common, own = legs(capture, BOTH)
    assert (common.name, common.inputs, own.name, own.inputs) == ('', ('camera',), 'slides', ('slides',))
    assert own.settings.command == 'grab {{time}} {{dir}}/{{name}}-slides.mkv'
    assert own.settings.files == ('{{dir}}/{{name}}-slides.mkv',)
    assert [leg.name for leg in legs(capture, ['slides'])] == ['slides']
    assert [leg.name for leg in legs(capture, ['camera'])] == ['']


def test_names_that_are_gone_since_the_event_was_chosen_for_mean_everything() -> None:
    assert [leg.name for leg in legs(read(CAMERA, OWN).capture, ['organ'])] == ['', 'slides']


def test_inputs_without_any_files_leave_those_of_the_command_alone() -> None:
    capture = read('[[left]]\nx = 1\n[[right]]\nx = 2\n').capture
    (leg,) = legs(capture, ['right'])
    assert (leg.settings, leg.inputs) == (capture, ('right',))


# -- what the core is told --------------------------------------------------------------------------------------------


def told(*parts: str, zone: str = 'Europe/Berlin') -> dict[str, str]:
    return properties(read(*parts), zone)


def test_the_core_is_told_names_without_blanks_and_the_keys_of_each_input() -> None:
    found = told(CAMERA, OWN)
    assert found['capture.device.names'] == 'camera,slides'
    assert found['capture.device.camera.flavor'] == 'presenter/source'
    assert found['capture.device.camera.device'] == '/dev/video0'
    assert found['capture.device.slides.bitrate'] == '4000000'
    assert found['capture.device.timezone'] == 'Europe/Berlin'
    assert found['vendor.name'] == 'pyCA'
    assert 'grab' not in ''.join(found.values())


def test_an_own_flavor_key_is_told_instead_of_the_flavors_of_the_files() -> None:
    assert told(CAMERA, 'flavor = a/b\n')['capture.device.camera.flavor'] == 'a/b'


def test_there_are_always_two_keys() -> None:
    """One key alone comes back in another shape, which others trip over (contract 5.5)."""
    assert len(told('[[a]]\n', zone='')) >= 2


def test_without_inputs_the_core_is_told_nothing() -> None:
    assert document(Settings(), 'Europe/Berlin') == ''


@pytest.mark.parametrize(
    ('given', 'posted'),
    [
        ('rtsp://me:hunter2@cam:554/1', 'rtsp://me:***@cam:554/1'),
        ('rtsp://me:hunter2/x@y@cam/1', 'rtsp://me:***@cam/1'),
        ('front rtsp://me:hunter2@cam/1 back', 'front rtsp://me:***@cam/1 back'),
        ('http://cam/1?user=me&password=hunter2&x=1', 'http://cam/1?user=me&password=***&x=1'),
        ('http://cam/1?api_key=hunter2', 'http://cam/1?api_key=***'),
        ('rtsp://cam/live?user=admin&pw=hunter2', 'rtsp://cam/live?user=admin&pw=***'),
        ('https://cam/x?auth_token=hunter2&u=1', 'https://cam/x?auth_token=***&u=1'),
        ('rtmp://cam/live?access_token=hunter2', 'rtmp://cam/live?access_token=***'),
        ('rtmp://cam/live?stream_key=hunter2', 'rtmp://cam/live?stream_key=***'),
        ('rtmp://cam/live?api-key=hunter2', 'rtmp://cam/live?api-key=***'),
        ('rtmp://cam/live?userpwd=hunter2', 'rtmp://cam/live?userpwd=***'),
        ('rtmp://cam/live?accessToken=hunter2', 'rtmp://cam/live?accessToken=***'),
        ('rtmp://cam/live?streamkey=hunter2', 'rtmp://cam/live?streamkey=***'),
        ('rtmp://cam/live?X-Amz-Signature=hunter2', 'rtmp://cam/live?X-Amz-Signature=***'),
        ('rtmp://cam/live?srt.passphrase=hunter2', 'rtmp://cam/live?srt.passphrase=***'),
        ('rtmp://cam/live?credential=hunter2', 'rtmp://cam/live?credential=***'),
        ('http://cam/1?keyframe=2&compass=n&author=me', 'http://cam/1?keyframe=2&compass=n&author=me'),
        ('rtsp://cam:554/1', 'rtsp://cam:554/1'),
        ('the secret is kept-in-a-safe', 'the secret is ***'),
    ],
)
def test_no_password_is_told(given: str, posted: str) -> None:
    settings = config.parse(f"[server]\npassword = kept-in-a-safe\n[inputs]\n[[a]]\nsrc = '{given}'\n", 'pyca.conf')
    assert properties(settings, '')['capture.device.a.src'] == posted


def test_json_and_xml_say_the_same() -> None:
    settings = read(CAMERA, '[["l<&>\'é"]]\nx = \'a "b" <c> & d\'\n')
    as_xml = document(config.parse('[inputs]\nformat = xml\n', 'pyca.conf'), '')
    assert as_xml == ''
    as_json = json.loads(document(settings, 'UTC'))
    in_xml = read('format = xml\n', CAMERA, '[["l<&>\'é"]]\nx = \'a "b" <c> & d\'\n')
    root = ElementTree.fromstring(document(in_xml, 'UTC').encode())
    assert {entry.get('key'): entry.text for entry in root} == as_json == properties(settings, 'UTC')


# -- the zone ---------------------------------------------------------------------------------------------------------


def test_the_zone_is_that_of_the_link_which_makes_the_local_time(tmp_path: Path) -> None:
    place = tmp_path / 'zoneinfo' / 'Europe'
    place.mkdir(parents=True)
    (place / 'Berlin').touch()
    link = tmp_path / 'localtime'
    link.symlink_to(place / 'Berlin')
    assert zone_name(link, tmp_path / 'none', '') == 'Europe/Berlin'
    link.unlink()
    (place / 'Rome').touch()
    os.symlink(place / 'Rome', link)
    assert zone_name(link, tmp_path / 'none', '') == 'Europe/Rome'


@pytest.mark.parametrize(
    ('written', 'tz', 'name'),
    [
        ('Asia/Tokyo\n', '', 'Asia/Tokyo'),
        ('', '', ''),
        ('../../etc/passwd', '', ''),
        ('Asia/Tokyo', 'Europe/Paris', 'Europe/Paris'),
        ('Asia/Tokyo', ':Europe/Paris', 'Europe/Paris'),
        ('Asia/Tokyo', 'CET-1CEST,M3.5.0,M10.5.0/3', ''),
    ],
)
def test_the_zone_by_its_file_or_by_the_environment(tmp_path: Path, written: str, tz: str, name: str) -> None:
    file = tmp_path / 'timezone'
    file.write_text(written)
    assert zone_name(tmp_path / 'none', file, tz) == name
