"""Everything that the stand-in core answers to."""

from __future__ import annotations

from pyca.demo import adhoc, admin, ingest, pages, registry, scheduler

ROUTES = (*registry.ROUTES, *admin.ROUTES, *scheduler.ROUTES, *ingest.ROUTES, *adhoc.ROUTES, *pages.ROUTES)
