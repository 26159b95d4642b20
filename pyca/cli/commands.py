"""The command line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from pyca import __version__, config, logs, passwords, wiring
from pyca.cli import record as recording
from pyca.cli import report as reporting
from pyca.cli import retry as retrying
from pyca.clock import SystemClock
from pyca.defects import Logged
from pyca.errors import AlreadyRunning, ConfigurationError, NothingToDecide, PycaError
from pyca.event import as_title
from pyca.masking import PUBLISHED, Redaction
from pyca.onthespot import LONGEST
from pyca.recording.store import Store
from pyca.storage.visiting import Visited
from pyca.values import listening

logger = logging.getLogger(__name__)

UNKNOWN_OPTION = 1
TOO_MANY_COMMANDS = 2
UNKNOWN_COMMAND = 3
BAD_CONFIGURATION = 4
FAILED = 10
ALREADY_RUNNING = 11
INTERRUPTED = 130
"""By Ctrl-C before there was anything to end; what a shell says of it."""


class _UnknownCommand(click.UsageError):
    pass


class _Commands(click.Group):
    """Says which of its complaints is an unknown command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith('-'):
            known = ', '.join(self.list_commands(ctx))
            raise _UnknownCommand(f'There is no command "{args[0]}"; there are {known}.', ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={'help_option_names': ['-h', '--help']},
    epilog='Without a command it does what "run" does.',
)
@click.option('-c', '--config', 'file', metavar='FILE', help='Use this configuration file.')
@click.version_option(__version__, '--version', message='pyCA %(version)s')
@click.pass_context
def pyca(ctx: click.Context, file: str | None) -> int:
    """The capture agent for Opencast: records what is scheduled, uploads it, says how it is doing."""
    ctx.obj = file
    return _serve(file, wiring.RUN) if ctx.invoked_subcommand is None else 0


def _service(name: str, services: Collection[str], text: str) -> None:
    @pyca.command(name, help=text)
    @click.pass_obj
    def command(file: str | None) -> int:
        return _serve(file, services)


_service('run', wiring.RUN, 'All services in one process.')
_service('capture', ('capture',), 'Only the service that records.')
_service('ingest', ('ingest',), 'Only the service that uploads.')
_service('schedule', ('schedule',), 'Only the service that fetches the calendar.')
_service('agentstate', ('agentstate',), 'Only the service that tells the core how the agent is.')


def _address(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    try:
        return text if text is None or listening(text) else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _page(name: str, services: Collection[str], text: str) -> None:
    @pyca.command(name, help=text)
    @click.option('--bind', metavar='HOST:PORT', callback=_address, help='Listen here, whatever the file says.')
    @click.pass_obj
    def command(file: str | None, bind: str | None) -> int:
        return _serve(file, services, bind)


_page('all', wiring.ALL, 'All services, and the web page.')
_page('ui', ('ui',), 'Only the web page, on 127.0.0.1:5000 unless told otherwise.')


@pyca.command()
def password() -> int:
    """Turn a password into a line for pyca.conf that hides it."""
    if sys.stdin.isatty():
        text = click.prompt('Password for the web page', hide_input=True, confirmation_prompt='Once more', err=True)
    else:
        text = sys.stdin.readline().rstrip('\r\n')
    if not text or text in PUBLISHED:
        raise PycaError('No password was given.' if not text else 'Everybody knows this password; choose another one.')
    _say(f"password = '{passwords.digest_of(text)}'")
    return 0


@pyca.command()
@click.option('--keep', is_flag=True, help='Go on running, with the web page, until Ctrl-C.')
def demo(keep: bool) -> int:
    """Record and upload two events, to a stand-in for Opencast."""
    from pyca.demo import show  # only here: no agent needs it

    return show.run([sys.executable, '-m', 'pyca'], keep=keep, out=sys.stdout)


@pyca.command()
@click.option('--week', is_flag=True, help='The last seven days, not only the last day.')
@click.option('--all', 'everything', is_flag=True, help='All there ever was, with what an older program left.')
@click.option('--json', 'machine', is_flag=True, help='As JSON, for programs.')
@click.pass_obj
def report(file: str | None, week: bool, everything: bool, machine: bool) -> int:
    """What became of each event of the last day. What is held is listed with what to do about it."""
    settings = config.load(file)
    days = None if everything else 7.0 if week else 1.0
    with closing(Visited(settings.agent.database, SystemClock())) as database:
        found = reporting.gather(database, Store(Path(settings.capture.directory)), days)
    text = reporting.as_json if machine else partial(reporting.as_text, everything=everything)
    _say(text(found, settings.agent.name))
    return 0


@pyca.command()
@click.argument('which', metavar='UID...', nargs=-1, required=True)
@click.pass_obj
def retry(file: str | None, which: Sequence[str]) -> int:
    """Upload a recording now. That is one that is held, or one that waits for its next try."""
    settings, code = config.load(file), 0
    with closing(Visited(settings.agent.database, SystemClock())) as database:
        for word in which:
            try:
                _say(retrying.retry(database, word))
            except NothingToDecide as error:
                code = _complain(str(error), FAILED)
    return code


_MINUTES = click.IntRange(1, LONGEST)
_here = click.get_current_context


@pyca.command()
@click.option('--minutes', type=_MINUTES, metavar='N', help='Begin a recording of so many minutes.')
@click.option('--title', default='', help='Its title.')
@click.option('--stop', is_flag=True, help='End the recording that runs.')
@click.option('--extend', type=_MINUTES, metavar='N', help='Let it run so many minutes longer.')
@click.option('--uid', default='', help='Which recording, where several run; the beginning of its uid will do.')
@click.pass_obj
def record(file: str | None, /, *, stop: bool, **wanted: Any) -> int:
    """Record now what nobody has scheduled. What is being recorded can be ended, or made longer."""
    minutes, longer = wanted['minutes'], wanted['extend']
    if (minutes is not None) + stop + (longer is not None) != 1:
        raise click.BadOptionUsage('--minutes', 'Say one of --minutes N, --stop and --extend N.', _here())
    title = as_title(wanted['title'])
    if title is None:
        raise click.BadParameter('A title is one line of text.', _here())
    settings = config.load(file)
    with closing(Visited(settings.agent.database, SystemClock())) as database:
        wish = recording.Wish(settings, database, SystemClock())
        if minutes is not None:
            _say(wish.record(minutes, title))
        else:
            _say(wish.stop(wanted['uid']) if stop else wish.extend(wanted['uid'], longer))
    return 0


def _say(text: str) -> None:
    """Print what may hold any title there is, also to a terminal that cannot show it."""
    encoding = sys.stdout.encoding or 'utf-8'
    try:
        click.echo(text.encode(encoding, 'replace').decode(encoding))
    except BrokenPipeError:
        raise  # whoever reads has had enough
    except OSError as error:
        with open(os.devnull, 'wb') as nowhere:  # where the rest goes that is written when the process ends
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise PycaError(f'What there is to say cannot be written: {error.strerror}.') from None


def _serve(file: str | None, services: Collection[str], bind: str | None = None) -> int:
    settings = config.load(file)
    if bind is not None:
        settings = replace(settings, ui=replace(settings.ui, bind=bind))
    with closing(logs.setup(settings.logging, Redaction.of(settings))) as log, Logged():
        return wiring.serve(settings, services, log)
    return FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, after a sentence on standard error if it is not 0."""
    try:
        code = pyca.main(args=None if arguments is None else list(arguments), prog_name='pyca', standalone_mode=False)
    except _UnknownCommand as error:
        return _complain(error.format_message(), UNKNOWN_COMMAND)
    except (click.NoSuchOption, click.BadOptionUsage, click.BadParameter) as error:
        command = error.ctx.command_path if error.ctx else 'pyca'
        return _complain(f'{error.format_message()} "{command} --help" lists the options.', UNKNOWN_OPTION)
    except click.UsageError as error:
        return _complain(f'{error.format_message()} Only one command is possible.', TOO_MANY_COMMANDS)
    except click.Abort:
        return INTERRUPTED
    except ConfigurationError as error:
        return _complain(str(error), BAD_CONFIGURATION)
    except AlreadyRunning as error:
        return _complain(str(error), ALREADY_RUNNING)
    except PycaError as error:
        return _complain(str(error), FAILED)
    return int(code or 0)


def _complain(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f'pyca: {line}', file=sys.stderr)  # noqa: T201
    return code
