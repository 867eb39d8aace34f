"""Imports and exports of one layer's items (CFG-14): a file's rows become changes that are made together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from enghub.core.commits import Kept
from enghub.core.errors import EngHubError
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.kit.sheets.model import Row
from enghub.settings.approvals.model import ChangeRequest
from enghub.settings.configs import conflicts
from enghub.settings.configs.commits import overdue
from enghub.settings.configs.errors import BatchRefused, ConfigFieldRefused
from enghub.settings.configs.merge import merge
from enghub.settings.configs.model import Address, Config, Content, Owner, Scope
from enghub.settings.configs.repeats import guesses
from enghub.settings.configs.secrets import sealed
from enghub.settings.configs.service import ConfigService, Edited
from enghub.settings.templates.model import TemplateVersion
from enghub.settings.transfers import texts
from enghub.settings.transfers.columns import VALUE, CellRefused, read_row
from enghub.settings.transfers.errors import ImportRefused

if TYPE_CHECKING:
    from enghub.settings.configs import requests
else:
    requests = lazy("enghub.settings.configs.requests")

MAX_ROWS = 2_000
"""Of one import: what one request has the time to change at one moment."""
SHOWN = 100
"""Refused rows that an answer tells of."""
_TOGETHER = 100


class Outcome(StrEnum):
    """What an import does, or would do, with a row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    MERGED = "MERGED"
    """Somebody changed other fields since the export: both changes are in the new version."""
    UNCHANGED = "UNCHANGED"
    SKIPPED = "SKIPPED"
    """The item is there, and existing ones are not to be overwritten."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one row; ``version`` is the item's afterwards, None of one that was only planned or skipped."""

    config_key: str
    place: str
    outcome: Outcome
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """One file to import into one layer."""

    owner: Owner
    rows: Sequence[Row]
    overwrite: bool = False
    dry_run: bool = False
    reason: str = ""
    template: TemplateVersion | None = None
    """Whose items alone are taken, new ones as it says."""


class ExportLog(Protocol):
    """Keeps that somebody took configuration out."""

    def exported(self, owner: Owner, origin: Origin, facts: Mapping[str, Any]) -> None:
        """Store it in the audit."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did, or would do; ``needs_approval``: people would have to agree first."""

    lines: tuple[Line, ...]
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class Edits:
    """What rows change, what stays as it is, what is wrong with them, and where each stands."""

    changes: tuple[Edited, ...]
    still: tuple[Line, ...]
    refused: tuple[Mapping[str, Any], ...]
    rows: Mapping[Address, Row]

    def placed(self, found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return what was refused of the changes, with the places of their rows."""
        return _placed(found, self.rows, self.changes)


@dataclass(frozen=True, slots=True)
class _Planned:
    row: Row
    outcome: Outcome
    edited: Edited


@dataclass(frozen=True, slots=True)
class Transfers:
    """Takes configuration out of a layer and into one."""

    configs: ConfigService
    log: ExportLog

    def export(self, owner: Owner, scope: Scope | None, origin: Origin, facts: Mapping[str, Any]) -> list[Config]:
        """Return a layer's items by key, as they were saved last; the audit keeps who took them."""
        found = sorted(self._items(owner), key=lambda config: config.address)
        kept = [config for config in found if scope is None or config.content.scope is scope]
        self.log.exported(owner, origin, {**facts, "items": len(kept)})
        return kept

    def edits(self, wanted: Import, origin: Origin) -> "Edits":
        """Return what the rows change, and what is wrong with them by themselves, for changes that do more."""
        planned, refused = self._planned(wanted, origin)
        still = {Outcome.UNCHANGED, Outcome.SKIPPED}
        return Edits(
            tuple(one.edited for one in planned if one.outcome not in still),
            tuple(_line(one, None) for one in planned if one.outcome in still),
            tuple(refused),
            {one.edited.address: one.row for one in planned},
        )

    def take_in(self, wanted: Import, origin: Origin) -> Taken | ChangeRequest:
        """Change the layer as the rows say, all of them or none; with ``dry_run`` only say what would happen.

        Rows that would change nothing make no version, so an import that is sent again is harmless.

        Raises:
            ImportRefused: 42201, with the place of every row that is refused.
        """
        planned, refused = self._planned(wanted, origin)
        edits = [one.edited for one in planned if one.outcome not in {Outcome.UNCHANGED, Outcome.SKIPPED}]
        rows = {one.edited.address: one.row for one in planned}
        needs_approval = False
        if edits and not refused and wanted.dry_run:
            found, needs_approval = self.configs.refusals(edits, origin, wanted.reason)
            refused = _placed(found, rows, edits)
        if refused:
            raise ImportRefused(refused=len(refused), total=len(wanted.rows), errors=refused[:SHOWN])
        made: Mapping[Address, Config] = {}
        if edits and not wanted.dry_run:
            try:
                answer = self.configs.change_all(edits, origin, wanted.reason, None)
            except BatchRefused as error:
                told = _placed(error.details["errors"], rows, edits)
                raise ImportRefused(refused=len(told), total=len(wanted.rows), errors=told[:SHOWN]) from error
            if isinstance(answer, ChangeRequest):
                return answer
            made = {config.address: config for config in answer}
        return Taken(tuple(_line(one, made.get(one.edited.address)) for one in planned), needs_approval)

    def _items(self, owner: Owner) -> Iterator[Config]:
        keys = [summary.config_key for summary in self.configs.repository.summaries(owner)]
        for start in range(0, len(keys), _TOGETHER):
            asked = [Address(owner, name) for name in keys[start : start + _TOGETHER]]
            found = self.configs.repository.load(asked)
            yield from (kept.value for kept in found.values() if not kept.value.is_deleted)

    def _planned(self, wanted: Import, origin: Origin) -> tuple[list[_Planned], list[Mapping[str, Any]]]:
        rows: list[tuple[Row, requests.ImportedRow]] = []
        refused: list[Mapping[str, Any]] = []
        for number, row in enumerate(wanted.rows):
            try:
                rows.append((row, read_row(row)))
            except CellRefused as error:
                key = row.text("configKey") or ""
                told = conflicts.refusal(number, Address(wanted.owner, key), error.error())
                refused.append({**told, "place": error.place})
        found = self.configs.repository.load([Address(wanted.owner, row.config_key) for _, row in rows])
        planned = []
        for row, said in rows:
            address = Address(wanted.owner, said.config_key)
            try:
                planned.append(self._plan(wanted, row, said, found.get(address), origin))
            except EngHubError as error:
                if error.status >= 500:
                    raise
                told = conflicts.refusal(wanted.rows.index(row), address, error)
                refused.append({**told, "place": _place(row, told)})
        return planned, refused

    def _plan(
        self, wanted: Import, row: Row, said: "requests.ImportedRow", current: Kept[Config] | None, origin: Origin
    ) -> _Planned:
        address = Address(wanted.owner, said.config_key)
        empty = _empty(wanted.template, said.config_key)
        if current is None or current.value.is_deleted:
            new = sealed(self.configs.seals, address, overdue(said.patched(empty), origin), None)
            return _Planned(row, Outcome.CREATED, Edited(address, None, lambda _: new, creates=new))
        stored = current.value.content
        content, outcome, version = self._said(said, address, stored), Outcome.UPDATED, None
        if said.version is not None and said.version < current.revision:
            merged = self._merged(said, current.value, origin)
            if merged is not None:
                content, outcome, version = merged, Outcome.MERGED, current.revision
        elif said.version == current.revision:
            version = current.revision
        edited = Edited(address, version, lambda _: content)
        if content == stored and not guesses(said.patched(stored), current.value, origin.user_id):
            outcome = Outcome.UNCHANGED
        elif not wanted.overwrite:
            outcome = Outcome.SKIPPED
        return _Planned(row, outcome, edited)

    def _merged(self, said: "requests.ImportedRow", current: Config, origin: Origin) -> Content | None:
        """Return what the row and those who changed the item since its export both want; None: it was never exported.

        Raises:
            ConfigVersionConflict: they want different things of one field.
        """
        assert said.version is not None  # noqa: S101 - the row names what it was made from
        base = self.configs.repository.version(current.address, said.version)
        if base is None or base.is_deleted:
            return None
        mine = self._said(said, current.address, base.content)
        proposed = merge(base.content.facts(), mine.facts(), current.content.facts())
        if not proposed.is_clean:
            raise conflicts.conflict(said.version, base, current, mine, origin.user_id)
        facts = {name: value for name, value in proposed.proposal.items() if value is not None}
        values = {one.facts()[VALUE]: one.value for one in (base.content, mine, current.content)}
        facts[VALUE] = values.get(facts[VALUE], facts[VALUE])
        row = requests.ImportedRow.model_validate({"configKey": said.config_key, **facts})
        return row.patched(Content(""))

    def _said(self, said: "requests.ImportedRow", address: Address, content: Content) -> Content:
        return sealed(self.configs.seals, address, said.patched(content), content)


def _empty(template: TemplateVersion | None, config_key: str) -> Content:
    """Return what a new item is where its row says nothing.

    Raises:
        ConfigFieldRefused: the template has no such item.
    """
    if template is None:
        return Content("")
    if config_key not in template.items:
        raise ConfigFieldRefused(field="configKey", problem=texts.NOT_IN_TEMPLATE.filled(name=template.template_id))
    blueprint = template.items[config_key]
    return blueprint.drawn(Content(""), "", template.category, template.template_id, template.version)


def _line(planned: _Planned, made: Config | None) -> Line:
    return Line(
        planned.edited.address.config_key, planned.row.place, planned.outcome, None if made is None else made.version
    )


def _placed(
    found: Sequence[Mapping[str, Any]], rows: Mapping[Address, Row], edits: Sequence[Edited]
) -> list[Mapping[str, Any]]:
    """Return what a batch refused with the places of the file."""
    return [{**one, "place": _place(rows[edits[one["index"]].address], one)} for one in found]


def _place(row: Row, refused: Mapping[str, Any]) -> str:
    """Return where the refused field stands: its cell, or its row where the row has no such cell."""
    cell = row.cells.get(str(refused.get("field")))
    return row.place if cell is None else cell.place
