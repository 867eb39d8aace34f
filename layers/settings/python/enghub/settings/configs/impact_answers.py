"""Answers about whom a change would hit (CFG-30)."""

from enghub.core import wire
from enghub.settings.configs.impact import Impact
from enghub.settings.configs.model import Layer


class ReachShown(wire.Response):
    """Who is hit among the owners of the next nearer layer that have settings: tenants, or users of the tenant."""

    layer: Layer
    known: int
    affected: int
    unaffected: int
    exact: bool
    """False: there are more than were counted, the figures are lower bounds."""


class AddressShown(wire.Response):
    """One item."""

    config_key: str
    layer: Layer
    user_id: str


class ImpactShown(wire.Response):
    """What one change would do."""

    config_key: str
    changes: bool
    before: str | None
    after: str | None
    reach: ReachShown | None
    """Null in the user layer, which hits its user alone."""
    dependants: list[AddressShown]
    """Items that refer to it by ``${key}``, up to 100."""

    @classmethod
    def of(cls, impact: Impact) -> "ImpactShown":
        """Return the answer for an impact."""
        reach, address = impact.reach, impact.address
        near = Layer.TENANT if address.owner.layer is Layer.GLOBAL else Layer.USER
        return cls(
            config_key=address.config_key,
            changes=impact.changes,
            before=impact.before,
            after=impact.after,
            reach=reach
            and ReachShown(
                layer=near,
                known=reach.known,
                affected=reach.affected,
                unaffected=reach.unaffected,
                exact=reach.exact,
            ),
            dependants=[
                AddressShown(config_key=one.config_key, layer=one.owner.layer, user_id=one.owner.user_id)
                for one in impact.dependants
            ],
        )


class ImpactResponse(wire.Response):
    """What changes would do, in the order of the request."""

    layer: Layer
    items: list[ImpactShown]
