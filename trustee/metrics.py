"""Figures for the operator (Prometheus). No label names a member.

The registry has these alone: the process's own load would time what members do more finely.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

# When a series began tells when somebody first asked.
disable_created_metrics()


class Figures:
    """One trustee's figures."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        up = Gauge("cairn_trustee_up", "1 while the trustee answers.", registry=self._registry)
        up.set(1)
        self.mirror = Gauge(
            "cairn_trustee_mirror_leaves", "Leaves in the mirror of the log.", registry=self._registry
        )
        self.evaluations = Counter("cairn_trustee_evaluations", "Batches evaluated.", registry=self._registry)
        self.subjects = Counter(
            "cairn_trustee_subjects", "Padded subjects evaluated.", registry=self._registry
        )
        self.refusals = Counter(
            "cairn_trustee_refusals",
            "Requests refused, by the slug of the problem.",
            ["slug"],
            registry=self._registry,
        )

    def told(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)
