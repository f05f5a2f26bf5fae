"""What Prometheus' own reader makes of /metrics."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from comenq_core.model import Pause, State
from comenq_core.presentation.prometheus import MEANINGS
from comenq_core.testing.contract.harness import put_in_state
from tests.http.api.serving import Served


def test_prometheus_reads_the_metrics(served: Served) -> None:
    """The reader of Prometheus' client finds each metric once, with its help and its type."""
    for state in (State.FAILED, State.HELD, State.WAITING, State.UNCONFIRMED):
        put_in_state(served.store, state)
        served.store.clock.advance(timedelta(hours=1).total_seconds())
    served.store.pause(Pause(since=served.store.now().wall, reason='a "quoted" \\ reason\n'))
    served.ask("GET", "/comments?x=1")
    text = served.ask("GET", "/metrics", status=200).text
    found = {family.name: family for family in text_string_to_metric_families(text)}
    names = {f"{name}_total" if one.type == "counter" else name for name, one in found.items()}
    assert names <= MEANINGS.keys()
    assert {"comenqd_up", "comenqd_paused", "comenqd_requests_total"} <= names
    for name, family in found.items():
        assert family.documentation
        assert family.type in {"gauge", "counter"}
        labels = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(labels) == len(set(labels)), name
    jobs = {one.labels["state"]: one.value for one in found["comenqd_jobs"].samples}
    assert (jobs["failed"], jobs["held"], jobs["waiting"]) == (1, 1, 1)
