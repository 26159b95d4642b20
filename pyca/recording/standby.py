"""The folder that stands by for the recordings folder, in case its disk is not there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pyca.recording.atomic import read_json, write_json


class Standby:
    """Lies beside the database, with a note of which recordings folder was in use there.

    The note must not lie on the recordings' disk: an agent that starts while that is not mounted could not tell the
    empty place from a folder that is used for the first time. What is recorded into the empty place would be hidden
    once the disk is mounted over it. Hence recordings that cannot begin where they belong begin here, and stay.
    """

    def __init__(self, beside: Path | None = None) -> None:
        """`beside` is the file of the database; None: nothing stands by."""
        self.folder = beside.with_name(f'{beside.name}.standby') if beside is not None else None
        self._note = beside.with_name(f'{beside.name}.folder') if beside is not None else None

    @property
    def instead(self) -> str:
        return f'; until then recordings go to {self.folder}' if self.folder is not None else ''

    def remember(self, root: Path) -> None:
        """Note that this is the recordings folder; it has its marker now."""
        if self._note is not None and not self.remembers(root):
            with suppress(OSError):
                write_json(self._note, {'recordings folder': str(root.absolute())})

    def remembers(self, root: Path) -> bool:
        """Whether this recordings folder was in use before."""
        note = read_json(self._note) if self._note is not None else None
        return isinstance(note, dict) and note.get('recordings folder') == str(root.absolute())

    def make(self, name: str) -> Path | None:
        """A folder for the recording of this name; None when there cannot be one."""
        if self.folder is None:
            return None
        try:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        return self.folder / name

    def find(self, name: str) -> Path | None:
        """The folder of a recording that is here."""
        return self.folder / name if self.folder is not None and (self.folder / name).is_dir() else None

    def names(self) -> list[str]:
        return recordings_in(self.folder) if self.folder is not None else []


def recordings_in(folder: Path) -> list[str]:
    """The names of the recordings in a folder, none if it is not there."""
    try:
        return [entry.name for entry in folder.iterdir() if entry.name.startswith('recording-') and entry.is_dir()]
    except OSError:
        return []
