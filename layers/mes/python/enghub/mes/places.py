"""Where things happen: one factory of one tenant, always from the caller's token (MES-18)."""

from dataclasses import dataclass

from enghub.core.identity import Origin


@dataclass(frozen=True, slots=True)
class Place:
    """A factory of a tenant; the first two parts of every key."""

    tenant_id: str
    factory_id: str

    @classmethod
    def of(cls, origin: Origin) -> "Place":
        """Return the factory a request or an event is about."""
        return cls(origin.tenant_id, origin.factory_id)
