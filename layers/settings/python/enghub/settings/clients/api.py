"""What clients are told, and what they say (CFG-11, CFG-12)."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from enghub.core import wire
from enghub.core.claims import fingerprint
from enghub.core.http import Call
from enghub.core.i18n import Text
from enghub.settings.clients.model import Activation, ClientState, Planned, Setting
from enghub.settings.clients.service import Current, Seen
from enghub.settings.configs.model import ConfigType, Layer
from enghub.settings.flags.model import Environment
from enghub_flags.reading import flag_to, segment_to

_NAME = Text("write letters, digits and . _ : -, at most 100", "请使用字母、数字及 . _ : -，至多 100 个")
_REVISION = Text("write the revision as it was told", "请原样填写修订号")
_WANTED = Text("write a key, or the beginning of keys with * behind it", "请填写配置键，或以 * 结尾的键前缀")
ClientId = Annotated[str, wire.form(r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", _NAME, max_length=100)]
RevisionText = Annotated[str, wire.form(r"^[0-9]{1,15}(\.[0-9]{1,15}){4}$", _REVISION, max_length=79)]
Wanted = Annotated[str, wire.form(r"^([A-Za-z][A-Za-z0-9._-]*)?\*?$", _WANTED, max_length=255)]


class PlannedShown(wire.Response):
    """What answers from a time on; null where nothing does. A secret is its mask."""

    at: wire.Instant
    config_value: str | None
    is_encrypted: bool
    layer: Layer | None
    version: int

    @classmethod
    def of(cls, found: Planned) -> "PlannedShown":
        """Return the answer for it."""
        layer = found.owner and found.owner.layer
        return cls(
            at=found.at,
            config_value=found.value,
            is_encrypted=found.is_encrypted,
            layer=layer,
            version=found.version,
        )


class SettingShown(wire.Response):
    """One key: what answers now, and what will by itself: a client without a connection changes on the second."""

    config_key: str
    config_type: ConfigType
    now: PlannedShown
    changes: list[PlannedShown]

    @classmethod
    def of(cls, found: Setting) -> "SettingShown":
        """Return the answer for a key."""
        return cls(
            config_key=found.config_key,
            config_type=ConfigType(found.type),
            now=PlannedShown.of(found.now),
            changes=list(map(PlannedShown.of, found.changes)),
        )


class SnapshotResponse(wire.Response):
    """All that a client needs: settings, flags and segments (documents of the evaluation engine), for who asks."""

    revision: str
    tenant_id: str
    """The attribute ``tenantId`` of every evaluation."""
    user_id: str
    environment: Environment
    settings: list[SettingShown]
    flags: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    push_url: str | None
    """Where a WebSocket, with the same Authorization, is told of changes; null: nowhere, poll."""

    @classmethod
    def of(cls, current: Current, settings: Sequence[Setting], push_url: str | None) -> "SnapshotResponse":
        """Return the answer for what is current."""
        ruleset = current.flags.ruleset
        return cls(
            revision=current.revision.text,
            tenant_id=current.caller.tenant_id,
            user_id=current.caller.user_id,
            environment=current.flags.environment,
            settings=list(map(SettingShown.of, settings)),
            flags=[flag_to(flag) for flag in ruleset.flags.values()],
            segments=[segment_to(one) for one in ruleset.segments.values()],
            push_url=push_url,
        )


def snapshot_etag(current: Current, wanted: Sequence[str]) -> str:
    """Return what stands for the answer: its revision, and who asked for what."""
    caller = current.caller
    asked = fingerprint(caller.tenant_id, caller.user_id, current.flags.environment, *sorted(wanted))
    return f'"{current.revision.text}-{asked[:12]}"'


class ReceiptRequest(wire.Request):
    """What became of a revision at a client."""

    client_id: ClientId
    environment: Environment = Environment.PROD
    revision: RevisionText
    active_revision: RevisionText
    """What is in force there: ``revision``, or the one before where it was taken back."""
    status: Activation
    problem: Annotated[str, Field(max_length=1_000)] = ""
    library: Annotated[str, Field(max_length=60)] = ""

    def state(self, call: Call) -> ClientState:
        """Return what it says, of who signed in."""
        return ClientState(
            tenant_id=call.principal.tenant_id,
            user_id=call.principal.user_id,
            client_id=self.client_id,
            environment=self.environment,
            revision=self.revision,
            active_revision=self.active_revision,
            status=self.status,
            problem=self.problem,
            library=self.library,
            since=call.origin.at,
            seen_at=call.origin.at,
        )


class ReceiptResponse(wire.Response):
    """A receipt as it is kept."""

    client_id: str
    user_id: str
    environment: Environment
    revision: str
    active_revision: str
    status: Activation
    problem: str
    library: str
    since: wire.Instant
    seen_at: wire.Instant

    @classmethod
    def shown(cls, state: ClientState) -> dict[str, Any]:
        """Return what is shown of a client."""
        return {name: getattr(state, name) for name in ReceiptResponse.model_fields}

    @classmethod
    def of(cls, state: ClientState) -> "ReceiptResponse":
        """Return the answer for a receipt."""
        return cls(**cls.shown(state))


class ClientResponse(ReceiptResponse):
    """A client: what it runs since when, and whether something newer is in force."""

    current_revision: str
    is_behind: bool

    @classmethod
    def of_seen(cls, seen: Seen) -> "ClientResponse":
        """Return the answer for a client."""
        return cls(**cls.shown(seen.state), current_revision=seen.current.text, is_behind=seen.is_behind)


class ClientsResponse(wire.Response):
    """A page of clients, by user and name; those not heard of for a week are gone."""

    items: list[ClientResponse]
    next_cursor: str | None
