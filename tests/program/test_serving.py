"""The web interface behind other web servers, with the samples of `docs/serving` as they are but for places."""

from __future__ import annotations

import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import pytest

import pyca
from tests.program.agent import ROOT, Agent, end_of, wait_for

SAMPLES = ROOT / 'docs/serving'
MODULES = Path('/usr/lib/apache2/modules')
LOGIN = {'Authorization': 'Basic ' + base64.b64encode(b'admin:secret').decode()}
CERTIFICATE = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=av.example.org', '-days', '2']
APACHE = """\
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
Mutex file:{folder}
Listen 127.0.0.1:{port}
"""
NGINX = """\
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f'{os.environ["PATH"]}:/usr/sbin')
    if found is None:
        if os.environ.get('CI') == 'true':
            pytest.fail(f'{name} is not installed: apt-get install {package}')
        pytest.skip(f'{name} is not installed')
    return found


def replaced(text: str, **places: str) -> str:
    """The sample with other places; each has to be in it."""
    for old, new in places.items():
        assert old in text
        text = text.replace(old, new)
    return text


def free_port() -> int:
    """Not one of those that the kernel gives away by itself: it might, before the server has it."""
    for number in range(20_000 + os.getpid() % 10_000, 32_000):
        with suppress(OSError), socket.create_server(('127.0.0.1', number)):
            return number
    raise AssertionError('no port is free')


def get(url: str, headers: dict[str, str] = LOGIN) -> tuple[int, str, str]:
    """Status, final address, body; any certificate will do."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=90, context=context
        ) as answer:
            return answer.status, answer.url, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.url, error.read().decode()


def is_up(url: str) -> bool:
    try:
        get(url, {})
    except OSError:  # whatever a server does that only begins
        return False
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that a server without the rights of root can use, too."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        subprocess.run(
            [*CERTIFICATE, '-keyout', path / 'key.pem', '-out', path / 'cert.pem'],
            check=True,
            capture_output=True,
        )
        (path / 'key.pem').chmod(0o644)
        (path / 'etc').mkdir()
        yield path


Start = Callable[..., None]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a server, as nobody if need be, unless it gives its rights up by itself; shows what it said when the test
    fails."""
    children = []
    identity = {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []} if os.geteuid() == 0 else {}

    def begin(*words: object, by_itself: bool = False) -> None:
        if identity and not by_itself:
            for path in [folder, *folder.rglob('*')]:
                shutil.chown(path, 'nobody', 'nogroup')
        identified = {} if by_itself else identity
        children.append(subprocess.Popen([str(word) for word in words], **identified))  # type: ignore[call-overload]

    yield begin
    for child in children:
        child.terminate()
        end_of(child)
    for log in folder.glob('*.log'):
        print(log.read_text(errors='replace'))  # noqa: T201


@pytest.fixture
def backend(make_agent: Callable[..., Agent]) -> str:
    """`pyca ui` as it is for a proxy; returns its address."""
    agent = make_agent(ui={'password': 'secret', 'proxies': 1}, logging={'level': 'info'})
    agent.start('ui', '--bind', '127.0.0.1:0')
    found: list[str] = []

    def listens() -> bool:
        found[:] = re.findall(r'listens on (http://127\.0\.0\.1:\d+)', agent.logged())
        return bool(found)

    wait_for(listens)
    return found[0]


def modules(*names: str) -> str:
    return ''.join(f'LoadModule {name}_module {MODULES}/mod_{name}.so\n' for name in names)


def check_the_page(url: str) -> None:
    """Everything that a prefix, a proxy, TLS could break."""
    wait_for(lambda: is_up(url))
    assert get(f'{url}/', {})[0] == 401
    status, address, page = get(f'{url}/')
    assert (status, address) == (200, f'{url}/status')
    assert get(f'{url}/', {**LOGIN, 'X-Forwarded-Prefix': '/evil'})[1] == f'{url}/status'
    style = re.search(r'href="(/hall-1/static/[^"]+)"', page)
    assert style is not None
    origin = url.removesuffix('/hall-1')
    assert get(origin + style[1], {})[0] == 200
    assert get(f'{url}/nothing')[0] == 404
    assert get(f'{origin}/status')[0] == 404


def test_behind_nginx(folder: Path, start: Start, backend: str) -> None:
    nginx, port = program('nginx', 'nginx-light'), free_port()
    places = {
        'listen 443 ssl': f'listen 127.0.0.1:{port} ssl',
        '/etc/ssl/certs/av.example.org.pem': f'{folder}/cert.pem',
        '/etc/ssl/private/av.example.org.key': f'{folder}/key.pem',
        'http://127.0.0.1:8000': backend,
    }
    (folder / 'site.conf').write_text(replaced((SAMPLES / 'nginx.conf').read_text(), **places))
    (folder / 'nginx.conf').write_text(NGINX.format(folder=folder))
    start(nginx, '-p', folder, '-e', folder / 'error.log', '-c', folder / 'nginx.conf')
    check_the_page(f'https://127.0.0.1:{port}/hall-1')


def test_behind_apache(folder: Path, start: Start, backend: str) -> None:
    apache, port = program('apache2', 'apache2'), free_port()
    places = {
        '*:443': f'127.0.0.1:{port}',
        '/etc/ssl/certs/av.example.org.pem': f'{folder}/cert.pem',
        '/etc/ssl/private/av.example.org.key': f'{folder}/key.pem',
        'http://127.0.0.1:8000': backend,
    }
    needed = modules('mpm_event', 'authz_core', 'alias', 'headers', 'proxy', 'proxy_http', 'socache_shmcb', 'ssl')
    sample = replaced((SAMPLES / 'apache-proxy.conf').read_text(), **places)
    (folder / 'apache.conf').write_text(needed + APACHE.format(folder=folder, port=port) + sample)
    start(apache, '-f', folder / 'apache.conf', '-D', 'FOREGROUND')
    check_the_page(f'https://127.0.0.1:{port}/hall-1')


def packages_for_apache(folder: Path) -> list[str]:
    """Where the packages that pyCA needs are for the Python that mod_wsgi was built for, as the manual has it."""
    if (MODULES / f'mod_wsgi.so-{sys.version_info[0]}.{sys.version_info[1]}').exists():
        return [path for path in sys.path if 'site-packages' in path]
    environment = folder / 'environment'
    subprocess.run(['/usr/bin/python3', '-m', 'venv', environment], check=True)
    pip = environment / 'bin/pip'
    needed = ROOT / 'requirements.txt'
    subprocess.run([pip, 'install', '--quiet', '--disable-pip-version-check', '-r', needed], check=True)
    return [os.fspath(path) for path in environment.glob('lib/python*/site-packages')]


def test_within_apache(folder: Path, start: Start) -> None:
    """mod_wsgi of the distribution, with the packages of this environment where it is for the same Python."""
    apache, port = program('apache2', 'apache2'), free_port()
    packages = [os.fspath(Path(pyca.__file__).parents[1]), *packages_for_apache(folder)]
    if (
        os.geteuid() == 0
        and subprocess.run(['ls', *packages], user='nobody', capture_output=True, check=False).returncode
    ):
        pytest.skip('a server without the rights of root cannot read this checkout')
    (folder / 'etc/pyca.conf').write_text(
        f'[agent]\ndatabase = sqlite:///{folder}/pyca.db\n[server]\nurl = http://127.0.0.1:9\n[ui]\npassword = secret\n'
    )
    (folder / 'lib').mkdir()
    shutil.copy(SAMPLES / 'pyca.wsgi', folder / 'lib')
    mode = re.search(r'install -d .* -m ([0-7]+) /etc/pyca\n', (ROOT / 'docs/installation.md').read_text())
    assert mode is not None
    (folder / 'etc').chmod(int(mode[1], 8))
    apart = os.geteuid() == 0  # with its rights Apache is one user, pyCA another one, as in an installation
    if apart:
        for path in (folder, folder / 'etc', folder / 'etc/pyca.conf'):
            shutil.chown(path, 'daemon', 'daemon')
    places = {
        'user=pyca group=pyca ': 'user=daemon group=daemon ' if apart else '',
        'home=/ python-home=/opt/pyca-env': f'home={folder} python-path={":".join(packages)}',
        '*:443': f'127.0.0.1:{port}',
        '/etc/ssl/certs/av.example.org.pem': f'{folder}/cert.pem',
        '/etc/ssl/private/av.example.org.key': f'{folder}/key.pem',
        '/usr/local/lib/pyca': f'{folder}/lib',
    }
    # "home" names the folder of etc/pyca.conf
    sample = (SAMPLES / 'apache-wsgi.conf').read_text().replace('# /etc/pyca/pyca.conf', '#')
    needed = modules('mpm_event', 'authz_core', 'alias', 'socache_shmcb', 'ssl', 'wsgi')
    setup = 'User nobody\nGroup nogroup\n' if apart else ''
    setup += f'{needed}{APACHE.format(folder=folder, port=port)}WSGISocketPrefix {folder}/wsgi\n'
    (folder / 'apache.conf').write_text(setup + replaced(sample, **places))
    start(apache, '-f', folder / 'apache.conf', '-D', 'FOREGROUND', by_itself=apart)
    check_the_page(f'https://127.0.0.1:{port}/hall-1')
