"""The rules of a table rebuild, as manifests write them (UPG-16)."""

import hashlib
import json
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enghub.core.i18n import Text
from enghub.core.wire import Unfit
from enghub.upgrade.stepping.migration_rules import ColumnRule, Condition, Identifier

TABLE = "${table}"
_ONE_TABLE = Text("create must hold {table} exactly once", "create 中须恰好包含一次 {table}")
Sql = Annotated[str, Field(min_length=1, max_length=60_000)]


class Rebuild(BaseModel):
    """A table that gets a new form: made new, filled, exchanged, the old one kept or dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: Identifier
    create: Sql
    """CREATE TABLE statement with `${table}` where the name stands."""
    mapping: dict[Identifier, ColumnRule | Identifier] | None = None
    """New column to rule or old column; by default every column that both have."""
    key: tuple[Identifier, ...] = ()
    where: Condition | None = None
    """Only these rows come along."""
    change_column: Identifier | None = None
    """Grows whenever a row changes; rows that changed while the copy ran are then copied again."""
    sums: dict[Identifier, Identifier] = Field(default_factory=dict)
    """Old column to new column: both sums must agree before the exchange."""
    after: tuple[Sql, ...] = ()
    """Statements after the exchange, such as indexes; `${table}` stands for the name."""
    keep_old: bool = True
    max_failed_rows: Annotated[int, Field(ge=0)] = 0
    batch_size: Annotated[int, Field(ge=1, le=200_000)] = 5_000
    max_batch_size: Annotated[int, Field(ge=1, le=200_000)] = 50_000

    @model_validator(mode="after")
    def _names_its_table(self) -> Self:
        if self.create.count(TABLE) != 1:
            raise Unfit(_ONE_TABLE, table=TABLE)
        return self

    @property
    def digest(self) -> str:
        """Hash of what decides the outcome."""
        rules = self.model_dump(mode="json", exclude={"batch_size", "max_batch_size"})
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()
