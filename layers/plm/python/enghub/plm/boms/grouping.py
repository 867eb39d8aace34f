"""Rows of a part list, put together to the BOMs that they are of: by parent, or by level (PLM-24; case PF11). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from enghub.plm.boms.lines import Reader, Wrong, is_excluded
from enghub.plm.connections.rules import ConnectionRules
from enghub.plm.products.reading import PROBLEM
from enghub.plm.products.reasons import Reason

MOST_LEVELS = 50


@dataclass(slots=True)
class Group:
    """The rows of one BOM, as a run takes them."""

    product: str
    version: str
    updated_at: Any
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    left_out: int = 0

    def record(self) -> dict[str, Any]:
        """Return it as a record of a run."""
        return {
            "productCode": self.product,
            "bomVersion": self.version,
            "updatedAt": self.updated_at,
            "bomLines": self.rows,
            "leftOut": self.left_out,
        }


@dataclass(slots=True)
class Grouping:
    """Takes mapped rows in their order.

    A row of ``level`` 0 is a product; one of level n belongs to the last row of level n - 1 before it. A row that
    belongs to none is kept without a product, and refused by its line.
    """

    rules: ConnectionRules
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    _above: list[str] = field(default_factory=list)
    _version: str = ""

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row."""
        if PROBLEM in row:
            self._group(self._named(row, "productCode"), self._named(row, "bomVersion"), row).rows.append(row)
            return
        read = Reader(row, self.rules)
        try:
            level = read.number("level", None)
            if level is not None:
                self._add_by_level(read, row, int(level))
                return
            self._add_to(read.part("productCode"), read.text("bomVersion", 20), row)
        except Wrong as wrong:
            self._stray(row, wrong)

    def leave_out(self) -> None:
        """Count a row that the mapping does not take."""
        self._group("", "", {}).left_out += 1

    def _add_by_level(self, read: Reader, row: Mapping[str, Any], level: int) -> None:
        component, version = read.part("component"), read.text("bomVersion", 20)
        if level > MOST_LEVELS:
            raise Wrong(Reason.FORMAT, "level", level)
        if level and (len(self._above) < level or not self._above[level - 1]):
            self._above = [*self._above[:level], *[""] * (level - len(self._above[:level])), ""]
            raise Wrong(Reason.ORPHAN, "level", level)
        self._above = [*self._above[:level], component]
        if level:
            self._add_to(self._above[level - 1], version, row)

    def _add_to(self, product: str, version: str, row: Mapping[str, Any]) -> None:
        if not product:
            raise Wrong(Reason.REQUIRED, "productCode")
        is_left_out = is_excluded(row, self.rules)
        group = self._group(product, version, row)
        if is_left_out:
            group.left_out += 1
        else:
            group.rows.append(row)

    def _stray(self, row: Mapping[str, Any], wrong: Wrong) -> None:
        refused = {**row, PROBLEM: (wrong.reason.value, wrong.field, wrong.value)}
        product = "" if wrong.field in {"productCode", "level"} else self._named(row, "productCode")
        self._group(product, self._named(row, "bomVersion"), row).rows.append(refused)

    def _named(self, row: Mapping[str, Any], name: str) -> str:
        try:
            read = Reader(row, self.rules)
            return read.part(name) if name == "productCode" else read.text(name, 20)
        except Wrong:
            return ""

    def _group(self, product: str, version: str, row: Mapping[str, Any]) -> Group:
        return self.groups.setdefault((product, version), Group(product, version, row.get("updatedAt")))
