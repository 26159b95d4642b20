"""The inputs among the settings: what an event gets of them, by which commands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pyca.settings import Capture, Input


@dataclass(frozen=True)
class Leg:
    """What one command records of an event.

    `name` is that of the input whose own command it is, empty for the common one. `settings` have the command, files
    and flavors of this leg in the place of the common ones; `inputs` are the names that the command is told.
    """

    name: str
    settings: Capture
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The names of the inputs to record, none where there is nothing to choose from. `complaint` says in words what
    could not be done as it was wanted."""

    inputs: tuple[str, ...]
    complaint: str = ''


def choose(capture: Capture, wanted: Sequence[str]) -> Choice:
    """The inputs for an event that wants these; whoever wants none gets all."""
    names = tuple(each.name for each in capture.inputs)
    if not names:
        return Choice(())
    strange = ', '.join(dict.fromkeys(name for name in wanted if name not in names))
    complaint = f'the event selects inputs that are not there: {strange}' if strange else ''
    chosen = tuple(name for name in names if name in wanted)
    if not wanted or (chosen and (not _divided(capture) or _made(capture, chosen))):
        return Choice(chosen or names, complaint)
    return Choice(names, f'{complaint or "no file belongs to what the event selects"}; all inputs are recorded')


def legs(capture: Capture, names: Collection[str]) -> tuple[Leg, ...]:
    """The commands that record these inputs; those of all inputs if nothing would be recorded otherwise."""
    everything = tuple(each.name for each in capture.inputs)
    if not _divided(capture):
        return (Leg('', capture, tuple(name for name in everything if name in names) or everything),)
    return _made(capture, names) or _made(capture, everything)


def _divided(capture: Capture) -> bool:
    """Whether files are assigned to inputs; otherwise those of `[capture]` are written whatever is selected."""
    return any(each.files for each in capture.inputs)


def _made(capture: Capture, names: Collection[str]) -> tuple[Leg, ...]:
    chosen = [each for each in capture.inputs if each.name in names]
    shared = [each for each in chosen if not each.command]
    found = [Leg('', _settings(capture, shared), tuple(each.name for each in shared))]
    found += [Leg(each.name, _settings(capture, [each]), (each.name,)) for each in chosen if each.command]
    return tuple(leg for leg in found if leg.settings.files)


def _settings(capture: Capture, inputs: Sequence[Input]) -> Capture:
    return replace(
        capture,
        command=next((each.command for each in inputs if each.command), capture.command),
        files=tuple(file for each in inputs for file in each.files),
        flavors=tuple(flavor for each in inputs for flavor in each.flavors),
    )
