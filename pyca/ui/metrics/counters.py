"""What only grows, as metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from pyca.storage.counts import BUCKETS, Totals


def counters(totals: Totals | None) -> Iterator[Metric]:
    """Without values until everything is counted: a counter that falls is taken for one that began anew."""
    recorded = CounterMetricFamily('pyca_recorded_bytes', 'Bytes that recorders wrote.')
    uploaded = CounterMetricFamily('pyca_uploaded_bytes', 'Bytes of recordings that the core got, each counted once.')
    restarts = CounterMetricFamily(
        'pyca_recorder_restarts', 'Starts of a recorder beyond the first one of its recording.'
    )
    ended = CounterMetricFamily(
        'pyca_events_ended', 'Events that came to each outcome, one perhaps to several.', labels=['outcome']
    )
    late = HistogramMetricFamily('pyca_start_lateness_seconds', "Time from an event's start to that of its recorder.")
    if totals is not None:
        recorded.add_metric([], totals.recorded)
        uploaded.add_metric([], totals.uploaded)
        restarts.add_metric([], totals.restarts)
        for outcome, count in totals.outcomes.items():
            ended.add_metric([outcome.value], count)
        number, seconds, within = totals.lateness
        buckets = [(str(border), float(count)) for border, count in zip(BUCKETS, within, strict=True)]
        late.add_metric([], [*buckets, ('+Inf', float(number))], seconds)
    yield from (recorded, uploaded, restarts, ended, late)
