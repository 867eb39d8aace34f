"""What clients that evaluate in process fetch and report (CFG-12)."""

from typing import Annotated, Any

from pydantic import Field

from enghub.core import wire
from enghub.settings.flags.model import Environment
from enghub.settings.flags.snapshots import Snapshot
from enghub.settings.usage.model import Counted
from enghub_flags.reading import flag_to, segment_to


class RulesetResponse(wire.Response):
    """All that a client needs; ``flags`` and ``segments`` are documents of ``enghub_flags.reading``."""

    environment: Environment
    tenant_id: str
    """Of who asks: the attribute ``tenantId`` of every context."""
    revision: str
    flags: list[dict[str, Any]]
    segments: list[dict[str, Any]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "RulesetResponse":
        """Return the answer for what a tenant gets."""
        return cls(
            environment=snapshot.environment,
            tenant_id=snapshot.tenant_id,
            revision=snapshot.etag,
            flags=[flag_to(flag) for flag in snapshot.ruleset.flags.values()],
            segments=[segment_to(one) for one in snapshot.ruleset.segments.values()],
        )


class CountsRequest(wire.Request):
    """Flag to variant to how often it was answered, since the client's last report."""

    counts: Annotated[
        dict[str, Annotated[dict[str, Annotated[wire.Count, Field(ge=1)]], Field(max_length=50)]],
        Field(max_length=45),
    ]

    def known(self, snapshot: Snapshot) -> Counted:
        """Return the counts of flags and variants that there are."""
        found: dict[str, dict[str, int]] = {}
        for key, variants in self.counts.items():
            flag = snapshot.ruleset.flags.get(key)
            names = set() if flag is None else {one.name for one in flag.variants}
            counts = {name: number for name, number in variants.items() if name in names}
            if counts:
                found[key] = counts
        return Counted(snapshot.tenant_id, snapshot.environment, found)


class CountsResponse(wire.Response):
    """How many were counted; those of unknown flags and variants are not."""

    counted: int
