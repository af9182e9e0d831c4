"""Publishes figures as lines of the log in CloudWatch's embedded format: nothing is asked, and nothing waits for it."""

from __future__ import annotations

import logging
import os
from decimal import Decimal

from aws_lambda_powertools.metrics import EphemeralMetrics

from live_trading.nouns.measures.metrics import Figures, Measured, MetricName, counted
from live_trading.services.watching.job_watch import failures_in

logger = logging.getLogger(__name__)

NAMESPACE_VARIABLE = "POWERTOOLS_METRICS_NAMESPACE"


def publish(job: str, figures: Figures) -> None:
    """One line with these figures of a job. Nothing where they are none, or where no namespace is named.

    What the job did counts, told or not: nothing is raised.
    """
    if not any(figures.values()) or not os.environ.get(NAMESPACE_VARIABLE):
        return
    try:
        _publish(job, figures)
    except Exception:
        logger.exception("figures could not be published", extra={"job": job})


def publish_run(job: str, report: object, seconds: float) -> None:
    """What a run that came to its end did, and that it did. One that found another at it did nothing."""
    if not getattr(report, "ran", True):
        publish(job, {MetricName.RUN_SKIPPED: [1]})
        return
    publish(job, {MetricName.HEARTBEAT: [1], MetricName.RUN_SECONDS: [Decimal(str(seconds))], **_of(report)})


def publish_pass(job: str, report: object) -> None:
    """What one pass of a run that goes on did, and that the run is alive."""
    if getattr(report, "ran", True):
        publish(job, {MetricName.HEARTBEAT: [1], **_of(report)})


def publish_death(job: str) -> None:
    """That a run ended with an error."""
    publish(job, {MetricName.RUN_FAILED: [1]})


def _of(report: object) -> Figures:
    """Its own figures, and how many parts failed unless it says so itself."""
    failed = sum(1 for _ in failures_in(report))
    own = report.figures() if isinstance(report, Measured) else {}
    return {**counted({MetricName.FAILED_PARTS: failed}), **own}


def _publish(job: str, figures: Figures) -> None:
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="job", value=job)
    for name, values in figures.items():
        for value in values:
            metrics.add_metric(name=name, unit=name.unit, value=float(value))
    if metrics.metric_set:
        metrics.flush_metrics()
