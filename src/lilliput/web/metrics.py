"""What the studio has done, for Prometheus; several processes write into one folder and any of them answers for all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests and their seconds. `folder`: where several processes share their counts; None: there is one."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(exist_ok=True)
            os.environ[VARIABLE] = str(folder)  # read when the library is imported
        import prometheus_client as library

        self._library, self._shared = library, folder is not None
        registry = library.CollectorRegistry(auto_describe=True)
        given: dict[str, Any] = {"registry": registry}
        self._seconds = library.Histogram(
            "lilliput_request_seconds", "Seconds until the answer began.", ["route", "status"], buckets=BUCKETS, **given
        )
        self._texts = library.Counter("lilliput_predictions", "Requests that a model answered.", ["model"], **given)
        mode: Any = {"multiprocess_mode": "livesum"} if self._shared else {}
        self._waiting = library.Gauge("lilliput_queue", "Requests that wait for a model.", **mode, **given)
        self._open = library.Gauge("lilliput_requests_open", "Requests in work.", **mode, **given)
        self._registry = registry
        self._series: dict[tuple[str, int], Any] = {}
        self._models: dict[str, Any] = {}

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request to a kind of address was answered."""
        series = self._series.get((route, status))
        if series is None:
            series = self._series[route, status] = self._seconds.labels(route, str(status))
        series.observe(seconds)

    def predicted(self, model: str) -> None:
        """A model answered."""
        counter = self._models.get(model)
        if counter is None:
            counter = self._models[model] = self._texts.labels(model)
        counter.inc()

    def gauges(self, waiting: int, open_requests: int) -> None:
        """How much is in work now, in this process."""
        self._waiting.set(waiting)
        self._open.set(open_requests)

    def text(self) -> bytes:
        """All counts, of all processes."""
        if not self._shared:
            return self._library.generate_latest(self._registry)
        from prometheus_client import multiprocess

        registry = self._library.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return self._library.generate_latest(registry)
