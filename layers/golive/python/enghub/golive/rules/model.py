"""The rules of ``settings`` that decide here (OPS-10, CFG-15)."""

from typing import Final

INCIDENT_TARGETS: Final = "incident.targets"
"""The rule that is asked for the clocks of incidents."""
KIND: Final = "SLA"
