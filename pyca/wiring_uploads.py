"""What an upload thread works with."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from pyca.context import Context
from pyca.ingest import Outside, SoleUploader, UploadWindow, shortage
from pyca.ingest.backup import Backup, Stage
from pyca.ingest.journal import Uploads
from pyca.loop import Pulse
from pyca.opencast import catalogs
from pyca.opencast.client import Core
from pyca.recording.delivery import Preparation, Prepared, attached
from pyca.recording.joining import Joiner
from pyca.recording.standing import standing
from pyca.settings import Settings
from pyca.stop import Stop
from pyca.storage.copies import Copies


def outside(context: Context, stop: Stop, pulse: Pulse, ring: Callable[[], None]) -> Outside:
    """Everything outside of the uploads, for one thread; `ring` has the service look soon."""
    settings, store = context.settings, context.store
    preparation = Preparation(store.find, Joiner(interrupted=pulse.beating(lambda: stop.requested)))
    zone = ZoneInfo(settings.agent.timezone) if settings.agent.timezone else None
    window = UploadWindow(settings.ingest, zone, context.recordings, context.clock)
    held = window.holding if window.possible else None
    core = context.core(stop, pulse, rate=share(settings), held=held)
    aside = context.core(stop, pulse)
    backup = _backup(context, aside)
    return Outside(
        core=core,
        aside=aside,
        recordings=context.recordings,
        uploads=Uploads(store.root, store.standby),
        faults=context.faults,
        memory=context.memory,
        catalogs=catalogs,
        clock=context.clock,
        prepare=lambda recorded: preparation.tracks(recorded.name) or Prepared(recorded.tracks),
        standing=lambda name: standing(store.find(name), context.clock.now()),
        beat=pulse.beat,
        ring=ring,
        length=lambda recorded: preparation.length(recorded.name),
        ended=lambda recorded: preparation.ended(recorded.name),
        agent=settings.agent.name,
        short=shortage(store.root, settings.capture.min_free),
        sole=SoleUploader(store.root),
        contacts=context.contacts,
        attachments=lambda recorded: attached(settings.capture, store.find(recorded.name)),
        window=window,
        release=backup.step,
        hindrance=backup.hindrance,
        unasked=backup.unasked,
    )


def share(settings: Settings) -> int:
    """The bytes per second of one upload; 0 is no limit. The total holds however many there are just now."""
    rate = settings.ingest.upload_rate
    return max(1, rate // settings.ingest.parallel) if rate else 0


def _backup(context: Context, core: Core) -> Backup:
    stage = Stage(core, Copies(context.database), context.memory, context.faults, context.clock)
    return Backup(context.settings.agent, stage)
