"""Where things happen: one factory of one tenant, always from the caller's token (MES-18)."""

from dataclasses import dataclass

from enghub.core.identity import Origin


@dataclass(frozen=True, slots=True)
class Factory:
    """A factory of a tenant; the first two parts of every key."""

    tenant_id: str
    factory_id: str

    @classmethod
    def of(cls, origin: Origin) -> "Factory":
        """Return the factory a request or an event is about."""
        return cls(origin.tenant_id, origin.factory_id)
