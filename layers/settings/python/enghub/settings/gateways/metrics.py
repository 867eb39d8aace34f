"""Measures a release where it says; what goes wrong is a measurement too, for a release must not stop for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from enghub.core import log
from enghub.kit.outbound.calls import Outbound
from enghub.settings.gateways import cloudwatch, prometheus
from enghub.settings.releases.metrics import MetricsConfig, Source
from enghub.settings.releases.model import GrayRelease, Measurement


@dataclass(frozen=True, slots=True)
class LiveMetrics:
    """See ``releases.repository.Metrics``."""

    outbound: Outbound
    now: Callable[[], datetime]

    def measure(self, release: GrayRelease, variants: tuple[str, str], seconds: int) -> Measurement:
        """Return both groups, or the problem."""
        config = MetricsConfig.from_text(release.metrics)
        try:
            if config.source is Source.CLOUDWATCH:
                return cloudwatch.measured(config, release.at.tenant_id, variants, seconds, self.now())
            return prometheus.measured(self.outbound, config, variants, seconds)
        except Exception as error:
            log.exception("metrics of a gray release cannot be read", release=release.release_id)
            return Measurement(failure=f"{type(error).__name__}: {error}"[:500])
