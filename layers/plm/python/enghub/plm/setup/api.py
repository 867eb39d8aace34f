"""Units and connection rules on the wire."""

from decimal import Decimal
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.i18n import Text
from enghub.plm.connections.rules import (
    MOST_MESSAGES_PER_MINUTE,
    MOST_OVERLAP_MINUTES,
    ConnectionRules,
    FileEncoding,
    NumberFormat,
)
from enghub.plm.identities.model import IdentityRules, RevisionScheme
from enghub.plm.units.model import MOST_UNITS, Unit, UnitTable

_ZONE = Text("write a time zone of the IANA database, as Asia/Shanghai", "请填写 IANA 时区，如 Asia/Shanghai")
_FACTOR = Text("write a factor above zero", "系数必须大于零")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise wire.Unfit(_ZONE)
    return text


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise wire.Unfit(_FACTOR)
    return value


Zone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_zone)]
UnitName = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(wire.printable)]
Factor = Annotated[
    Decimal,
    Field(
        max_digits=20,
        decimal_places=10,
        allow_inf_nan=False,
        json_schema_extra={
            "type": "number",
            "exclusiveMinimum": 0,
            "exclusiveMaximum": 10_000_000_000,
            "description": "at most 10 digits and 10 decimals",
        },
    ),
    AfterValidator(_positive),
]
Revision = Annotated[int, Field(ge=0, le=1_000_000_000)]


class UnitBody(wire.Request):
    """A unit: ``factor`` of its dimension's reference unit, the ``decimals`` of an order, other spellings."""

    code: UnitName
    dimension: UnitName
    factor: Factor
    decimals: Annotated[int, Field(ge=0, le=4)] = 4
    also: Annotated[tuple[UnitName, ...], Field(max_length=20)] = ()


class PutUnitsRequest(wire.Request):
    """The whole list of units; ``revision`` is the one read."""

    units: Annotated[tuple[UnitBody, ...], Field(min_length=1, max_length=MOST_UNITS)]
    revision: Revision

    def to_table(self, tenant_id: str) -> UnitTable:
        """Return the list.

        Raises:
            UnitListRefused: a spelling is there twice.
        """
        units = (Unit(one.code, one.dimension, one.factor, one.decimals, one.also) for one in self.units)
        return UnitTable(tenant_id, tuple(units))


class UnitResponse(wire.Response):
    """A unit."""

    code: str
    dimension: str
    factor: wire.Ratio
    decimals: int
    also: tuple[str, ...]


class UnitsResponse(wire.Response):
    """The list of units in force; revision 0 is the built-in one."""

    units: tuple[UnitResponse, ...]
    revision: int

    @classmethod
    def of(cls, kept: Kept[UnitTable]) -> "UnitsResponse":
        """Return the answer."""
        units = (
            UnitResponse(
                code=unit.code, dimension=unit.dimension, factor=unit.factor, decimals=unit.decimals, also=unit.also
            )
            for unit in kept.value.units
        )
        return cls(units=tuple(units), revision=kept.revision)


class IdentityBody(wire.Request):
    """How part numbers are compared."""

    fold_case: wire.Flag = False
    fold_leading_zeros: wire.Flag = False
    map_look_alikes: wire.Flag = False


class PutConnectionRulesRequest(wire.Request):
    """The rules of a connection; ``revision`` is the one read."""

    identity: IdentityBody = IdentityBody()
    revisions: RevisionScheme = RevisionScheme.PLAIN
    zone: Zone = "UTC"
    overlap_minutes: Annotated[int, Field(ge=0, le=MOST_OVERLAP_MINUTES)] = 10
    number_format: NumberFormat = NumberFormat.POINT
    file_encoding: FileEncoding = FileEncoding.UTF_8
    webhook_status: Literal[200, 202] = 202
    messages_per_minute: Annotated[int, Field(ge=1, le=MOST_MESSAGES_PER_MINUTE)] = 6000
    revision: Revision

    def to_rules(self, tenant_id: str, name: str) -> ConnectionRules:
        """Return the rules."""
        identity = self.identity
        return ConnectionRules(
            tenant_id=tenant_id,
            name=name,
            identity=IdentityRules(identity.fold_case, identity.fold_leading_zeros, identity.map_look_alikes),
            revisions=self.revisions,
            zone=self.zone,
            overlap_minutes=self.overlap_minutes,
            number_format=self.number_format,
            file_encoding=self.file_encoding,
            webhook_status=self.webhook_status,
            messages_per_minute=self.messages_per_minute,
        )


class IdentityResponse(wire.Response):
    """How part numbers are compared."""

    fold_case: bool
    fold_leading_zeros: bool
    map_look_alikes: bool


class ConnectionRulesResponse(wire.Response):
    """The rules of a connection in force; revision 0 are the defaults."""

    connection: str
    identity: IdentityResponse
    revisions: RevisionScheme
    zone: str
    overlap_minutes: int
    number_format: NumberFormat
    file_encoding: FileEncoding
    webhook_status: int
    messages_per_minute: int
    revision: int

    @classmethod
    def of(cls, kept: Kept[ConnectionRules]) -> "ConnectionRulesResponse":
        """Return the answer."""
        rules = kept.value
        identity = IdentityResponse(
            fold_case=rules.identity.fold_case,
            fold_leading_zeros=rules.identity.fold_leading_zeros,
            map_look_alikes=rules.identity.map_look_alikes,
        )
        return cls(
            connection=rules.name,
            identity=identity,
            revisions=rules.revisions,
            zone=rules.zone,
            overlap_minutes=rules.overlap_minutes,
            number_format=rules.number_format,
            file_encoding=rules.file_encoding,
            webhook_status=rules.webhook_status,
            messages_per_minute=rules.messages_per_minute,
            revision=kept.revision,
        )
