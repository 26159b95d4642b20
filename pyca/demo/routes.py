"""Everything that the stand-in core answers to."""

from __future__ import annotations

from pyca.demo import (
    adhoc,
    admin,
    archive,
    capturenow,
    ingest,
    onerequest,
    pages,
    registry,
    scheduler,
    timetable,
    zipped,
)

ROUTES = (
    *registry.ROUTES,
    *admin.ROUTES,
    *scheduler.ROUTES,
    *capturenow.ROUTES,
    *timetable.ROUTES,
    *ingest.ROUTES,
    *onerequest.ROUTES,
    *zipped.ROUTES,
    *adhoc.ROUTES,
    *archive.ROUTES,
    *pages.ROUTES,
)
