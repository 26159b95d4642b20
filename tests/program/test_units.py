"""The units in `init/systemd`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / 'init/systemd'
FOUR = ['pyca-agentstate', 'pyca-capture', 'pyca-ingest', 'pyca-schedule']
IN_ONE_PROCESS = ['pyca-checkout', 'pyca-run']


def settings(unit: str) -> dict[str, str]:
    """The settings of a unit; a name that comes more than once is joined by blanks."""
    found: dict[str, str] = {}
    for name, value in re.findall(r'^(\w+)=(.*)$', (UNITS / f'{unit}.service').read_text(), re.MULTILINE):
        found[name] = f'{found[name]} {value}' if name in found else value
    return found


def test_systemd_accepts_every_unit(tmp_path: Path) -> None:
    analyze = shutil.which('systemd-analyze')
    assert analyze, 'systemd-analyze is missing: install systemd'
    for unit in UNITS.glob('*.service'):
        text = re.sub(r'^ExecStart=\S+', 'ExecStart=/bin/true', unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
    verdict = subprocess.run(
        [analyze, 'verify', '--man=no', *tmp_path.glob('*.service')], capture_output=True, text=True, check=False
    )
    assert (verdict.returncode, verdict.stderr) == (0, '')


@pytest.mark.parametrize('unit', FOUR)
def test_each_service_belongs_to_the_group(unit: str) -> None:
    unit_settings = settings(unit)
    assert unit_settings['PartOf'] == 'pyca.service'
    assert 'pyca.service' in unit_settings['After'].split()
    assert unit_settings['WantedBy'] == 'pyca.service'
    assert unit_settings['ExecStart'] == f'/usr/bin/pyca {unit.removeprefix("pyca-")}'
    assert unit_settings['User'] == 'pyca'


def test_the_group_is_no_process() -> None:
    group = settings('pyca')
    assert (group['Type'], group['RemainAfterExit']) == ('oneshot', 'yes')


@pytest.mark.parametrize('unit', [*FOUR, *IN_ONE_PROCESS])
def test_a_recorder_survives_the_agent(unit: str) -> None:
    unit_settings = settings(unit)
    assert (unit_settings['KillMode'], unit_settings['OOMPolicy']) == ('process', 'continue')
    assert (unit_settings['TimeoutStopSec'], unit_settings['Restart']) == ('300', 'always')
    assert (unit_settings['Type'], unit_settings['NotifyAccess']) == ('notify', 'main')
    assert int(unit_settings['WatchdogSec']) >= 300
    assert int(unit_settings['TimeoutStartSec']) >= 300


@pytest.mark.parametrize('unit', IN_ONE_PROCESS)
def test_one_process_excludes_the_four(unit: str) -> None:
    conflicts = settings(unit)['Conflicts'].split()
    assert set(conflicts) >= {f'{other}.service' for other in [*FOUR, *IN_ONE_PROCESS] if other != unit}
    assert 'pyca-ui.service' not in conflicts


def test_the_web_interface_is_served_by_gunicorn() -> None:
    assert settings('pyca-ui')['ExecStart'] == (
        '/usr/bin/python3 -m gunicorn.app.wsgiapp --config=/etc/pyca/gunicorn.conf.py pyca.ui:app'
    )


@pytest.mark.parametrize('unit', sorted(path.stem for path in UNITS.glob('*.service')))
def test_no_unit_changes_the_folder_or_waits_for_the_network(unit: str) -> None:
    unit_settings = settings(unit)
    assert 'WorkingDirectory' not in unit_settings
    assert 'network-online' not in (UNITS / f'{unit}.service').read_text()
    assert f'{unit}.service' in (UNITS / 'README.md').read_text()


@pytest.mark.parametrize('unit', ['pyca-capture', 'pyca-run', 'pyca-checkout', 'pyca-ui'])
def test_commands_of_the_site_keep_their_devices_with_their_rights(unit: str) -> None:
    forbidding = {'PrivateDevices', 'PrivateTmp', 'ProtectHome', 'NoNewPrivileges', 'DeviceAllow', 'RestrictSUIDSGID'}
    assert not forbidding & set(settings(unit))
