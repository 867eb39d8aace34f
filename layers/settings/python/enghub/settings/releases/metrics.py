"""What a release measures and where (REQ-008 7.2.5, metrics_config); checked when it is written. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """Who keeps the metrics."""

    CLOUDWATCH = "CLOUDWATCH"
    PROMETHEUS = "PROMETHEUS"


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """Names of three metrics in CloudWatch, or three queries of Prometheus.

    In queries ``$variant`` stands for the variant's name and ``$window`` for the time looked at, as ``60s``.
    """

    source: Source
    requests: str
    errors: str
    response_time: str = ""
    """Milliseconds."""
    namespace: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    variant_dimension: str = "Variant"
    url: str = ""

    def to_text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(
            {
                "source": self.source.value,
                "requests": self.requests,
                "errors": self.errors,
                "response_time": self.response_time,
                "namespace": self.namespace,
                "dimensions": dict(self.dimensions),
                "variant_dimension": self.variant_dimension,
                "url": self.url,
            },
            sort_keys=True,
        )

    @classmethod
    def from_text(cls, text: str) -> "MetricsConfig":
        """Read what ``to_text`` wrote."""
        found = json.loads(text)
        return cls(**{**found, "source": Source(found["source"])})
