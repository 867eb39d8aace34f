"""Writes docs/upgrade-steps.md: every step class with its parameters and an example. Run it after a change of them."""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from enghub.upgrade.manifests.document import Step
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.planning.undo import way_back
from enghub.upgrade.stepping.migration_rules import ColumnRule, Migration
from enghub.upgrade.stepping.rebuild_rules import Rebuild
from enghub.upgrade.steps.async_migration import AsyncMigration, Load
from enghub.upgrade.steps.backup import BackupRules
from enghub.upgrade.steps.cache_rebuild import CacheRules
from enghub.upgrade.steps.check_rules import CheckRule
from enghub.upgrade.steps.config_rules import ConfigFile
from enghub.upgrade.steps.health_check import HealthCheck
from enghub.upgrade.steps.index_optimisation import IndexRule, Probe
from enghub.upgrade.steps.log_cleanup import LogRule
from enghub.upgrade.steps.registry import known_classes, step_class
from enghub.upgrade.steps.resource_import import ResourcePackage, Scan
from enghub.upgrade.steps.resource_release import Temporary
from enghub.upgrade.steps.restore import RestoreRules
from enghub.upgrade.steps.service_check import Service
from enghub.upgrade.steps.tuning import Tuning
from enghub.upgrade.steps.verification import Comparison

TARGET = Path(__file__).parents[1] / "docs/upgrade-steps.md"
HEAD = """# Steps of an upgrade

Every `class_name` a manifest may use, with its parameters. This page is written by `python tools/upgrade_steps.py`; a
test compares it with the registry.

Parameters stand beside `id`, `name` and `class_name` in the step's object. Every step works in slices, goes on after
`kill -9` where it was, and says in its error what an operator has to do. Steps that write keep their journal in the
target database (tables `enghub_upgrade_*`) or, where they change files, beside these under `.enghub/`.

Any step may have a `window` (`{"begin": "22:00", "end": "05:00", "utc_offset": "+08:00"}`): it begins in these hours
only, off the peak; once begun it goes on.

One manifest, other values per environment and site: `"variables": {"owner": {"default": "app", "environments": {"prod":
"app_prod"}}}`. Scripts, templates and texts of parameters then write `${owner}`; a site's own value comes first. Only
declared names are replaced. Secrets are no variables.

A step may name the method that does its work (`method_name`): `execute`, or one that a plug-in's class lists in
`methods`; `validate` runs before it. Nothing else of a class can be called.

A parameter that a class does not take is refused when the manifest is uploaded; a note of your own begins with `x_`.

Shell scripts are not run: nothing of this software runs on the site's machines, and a command without a journal could
not be resumed. What a script does to data belongs into SQL scripts, migrations and rebuilds; what it does to files into
configuration files and resource packages; what it does to services into the site's hooks (`stop`, `start`, `restart`).
Whatever is left is a step class of your own, added as a plug-in (entry point `enghub.upgrade.steps`).

The generic classes of the phases (`com.ft.upgrade.steps.*`) do whatever of their phase's work the parameters ask for,
in the order given here; their parameters are those of the parts. A rehearsal runs those of their parts that use nothing
but the database.
"""


@dataclass(frozen=True)
class Entry:
    """What the page says of a class besides its docstring."""

    parameters: dict[str, Any]
    """Name to model (an object), to a list of one model (a list of objects), or to a text."""
    example: dict[str, Any]


PATHS = "list of paths in the manifest's bundle"
CHECK = {"id": "amount", "rule": "range", "table": "orders", "column": "amount", "minimum": 0, "severity": "block"}
COPY = {"name": "orders", "source": "orders", "target": "orders_v2", "mapping": {"id": "id", "state": "status"}}
HEALTH = {"name": "api", "url": "https://site.example/health"}
CONFIG = Entry(
    {"config_files": [ConfigFile], "config_values": "object: placeholder to value, for all files"},
    {
        "config_files": ["application.properties", {"path": "logback.xml", "in_place": True}],
        "config_values": {"port": 8080},
    },
)
ENTRIES: dict[str, Entry] = {
    "enghub.BusinessCheck": Entry({"checks": [CheckRule]}, {"checks": [CHECK]}),
    "enghub.Backup": Entry(
        {"backup": BackupRules},
        {"backup": {"tables": ["orders", "users"], "config_files": ["conf/application.properties"]}},
    ),
    "enghub.RestoreBackup": Entry(
        {"restore": RestoreRules}, {"restore": {"tables": ["orders"], "config_files": False}}
    ),
    "enghub.ServiceCheck": Entry(
        {"services": [Service]}, {"services": [{"name": "ft-manager", "status_url": "https://site.example/status"}]}
    ),
    "enghub.ConfigPreparation": CONFIG,
    "enghub.ConfigFiles": CONFIG,
    "enghub.SqlScripts": Entry(
        {"sql_scripts": PATHS, "rollback_scripts": PATHS, "transaction": "`script` (default) or `statement`"},
        {"sql_scripts": ["2.16.5/001_orders.sql"], "rollback_scripts": ["2.16.5/rollback_001_orders.sql"]},
    ),
    "enghub.RollbackScripts": Entry(
        {"rollback_scripts": PATHS}, {"rollback_scripts": ["2.16.5/rollback_001_orders.sql"]}
    ),
    "enghub.TableRebuild": Entry(
        {"rebuilds": [Rebuild]},
        {
            "rebuilds": [
                {
                    "table": "orders",
                    "create": "CREATE TABLE ${table} (id BIGINT PRIMARY KEY, cents BIGINT NOT NULL)",
                    "mapping": {"id": "id", "cents": {"expression": "amount * 100"}},
                    "change_column": "updated_at",
                }
            ]
        },
    ),
    "enghub.RowMigration": Entry({"migrations": [Migration], "migrations.mapping": ColumnRule}, {"migrations": [COPY]}),
    "enghub.AsynchronousMigration": Entry(
        {"async_migrations": [AsyncMigration], "load": Load}, {"async_migrations": [COPY], "load": {"limit": 25}}
    ),
    "enghub.Verification": Entry(
        {
            "verification_rules": "list of check_table_structure, check_data_integrity, check_business_logic",
            "tables": "object: table to list of columns",
            "comparisons": [Comparison],
            "business_checks": [CheckRule],
        },
        {
            "verification_rules": ["check_table_structure", "check_data_integrity"],
            "comparisons": [{"name": "moved", "left": {"table": "orders"}, "right": {"table": "orders_v2"}}],
        },
    ),
    "enghub.ResourceImport": Entry(
        {"resource_packages": [ResourcePackage], "resource_packages.scan": Scan},
        {"resource_packages": [{"package": "packages/static-2.16.5.zip", "sha256": "0" * 64, "target": "static"}]},
    ),
    "enghub.CacheRebuild": Entry(
        {"caches": [CacheRules]},
        {"caches": [{"name": "users", "table": "users", "key": "user:{id}", "columns": ["id", "name"]}]},
    ),
    "enghub.IndexOptimisation": Entry(
        {"indexes": [IndexRule], "analyze": "list of tables", "index_probes": [Probe]},
        {
            "indexes": [{"table": "orders", "name": "i_orders_state", "columns": ["state"]}],
            "index_probes": [{"name": "open orders", "sql": "SELECT COUNT(*) FROM orders WHERE state = 'OPEN'"}],
        },
    ),
    "enghub.HealthChecks": Entry(
        {"health_checks": [HealthCheck]},
        {"health_checks": [HEALTH, {"name": "broker", "kind": "tcp", "host": "mq.example", "port": 5672}]},
    ),
    "enghub.SmokeTests": Entry({"smoke_tests": [HealthCheck]}, {"smoke_tests": [{**HEALTH, "expected_text": "UP"}]}),
    "enghub.LogCleanup": Entry(
        {"log_cleanup": [LogRule]}, {"log_cleanup": [{"folder": "logs", "keep_days": 30, "archive": True}]}
    ),
    "enghub.PerformanceTuning": Entry(
        {"tuning": [Tuning]},
        {
            "tuning": [
                {
                    "name": "state-index",
                    "apply": ["CREATE INDEX i_state ON orders (state)"],
                    "revert": ["DROP INDEX i_state"],
                    "measure": "SELECT COUNT(*) FROM orders WHERE state = 'OPEN'",
                }
            ]
        },
    ),
    "enghub.ResourceRelease": Entry(
        {"temporary": Temporary}, {"temporary": {"tables": ["orders_2016_copy"], "paths": ["tmp/upgrade"]}}
    ),
    "enghub.StopService": Entry({}, {}),
    "enghub.StartService": Entry({}, {}),
}


PACKAGE: dict[str, Any] = {
    "version": "2.16.5",
    "version_type": "baseline",
    "description": "Orders know when they were paid",
    "dependencies": {"min_source_version": "2.16.4"},
    "variables": {"owner": {"default": "app", "environments": {"prod": "app_prod"}}},
    "upgrade_steps": {
        "pre_business_check": [
            {
                "id": "amounts",
                "name": "No order has a negative amount",
                "class_name": "enghub.BusinessCheck",
                "checks": [{**CHECK, "advice": "Correct the orders that the check counts"}],
            }
        ],
        "pre_upgrade_process": [
            {
                "id": "backup",
                "name": "Keep the orders",
                "class_name": "enghub.Backup",
                "backup": {"tables": ["orders"]},
            }
        ],
        "startup_pre_process": [
            {
                "id": "paid_at",
                "name": "Add the column",
                "class_name": "enghub.SqlScripts",
                "sql_scripts": ["2.16.5/001_paid_at.sql"],
                "rollback_scripts": ["2.16.5/rollback_001_paid_at.sql"],
            }
        ],
        "startup_post_process": [
            {
                "id": "index",
                "name": "Find orders by the time of payment",
                "class_name": "enghub.IndexOptimisation",
                "dependencies": ["paid_at"],
                "indexes": [{"table": "orders", "name": "i_orders_paid_at", "columns": ["paid_at"]}],
            },
            {"id": "up", "name": "The shop answers", "class_name": "enghub.HealthChecks", "health_checks": [HEALTH]},
        ],
        "post_upgrade": [
            {
                "id": "logs",
                "name": "Archive old logs",
                "class_name": "enghub.LogCleanup",
                "log_cleanup": [{"folder": "logs", "keep_days": 30, "archive": True}],
            }
        ],
    },
}


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_package(), *_generic(), *(line for name in ENTRIES for line in _entry(name))]) + "\n"


def _package() -> Iterator[str]:
    """Yield a whole package, which is read as an upload would be."""
    parse(PACKAGE, known_classes())
    yield "## A whole package\n"
    yield "A folder with a manifest per version and the scripts at the paths that it names:\n"
    yield "```\nshop-upgrades/\n  2.16.5.json\n  2.16.5/001_paid_at.sql\n  2.16.5/rollback_001_paid_at.sql\n```\n"
    yield f"`2.16.5.json`:\n\n```json\n{json.dumps(PACKAGE, indent=2, ensure_ascii=False)}\n```\n"
    yield (
        "`2.16.5/001_paid_at.sql` is `ALTER TABLE orders ADD COLUMN paid_at TIMESTAMP NULL;`, "
        "`2.16.5/rollback_001_paid_at.sql` is\n`ALTER TABLE orders DROP COLUMN paid_at;`. `enghub upgrade validate "
        "shop-upgrades` checks it, `push` puts it in force.\n"
    )
    yield (
        'The site\'s database stands in its secret, as `{"url": "mysql://USER:PASSWORD@HOST:3306/DATABASE"}` '
        "(MariaDB and MySQL),\n`postgresql://USER:PASSWORD@HOST:5432/DATABASE`, "
        "`clickhouse://USER:PASSWORD@HOST:8123/DATABASE` or\n`sqlite:////srv/site.db`; letters of a password that mean "
        "something in an address are written `%40` and so on. Or as an object\nwith `host`, `port`, `username`, "
        "`password` and `database`. `jdbc:` is refused.\n"
    )


def _generic() -> Iterator[str]:
    yield "## Names of the source document\n"
    yield "| class_name | does |\n| --- | --- |"
    own = {step_class(name): name for name in ENTRIES}
    for name in sorted(known_classes() - ENTRIES.keys()):
        found = step_class(name)
        parts = getattr(found, "parts", ())
        does = f"`{own[found]}`" if found in own else ", ".join(f"`{own[part]}`" for _, _, part in parts)
        yield f"| `{name}` | {does} |"
    yield ""


def _entry(name: str) -> Iterator[str]:
    entry, found = ENTRIES[name], step_class(name)
    yield f"## {name}\n"
    yield f"{inspect.getdoc(found)}\n"
    example = {"id": "step_001", "name": "Step", "class_name": name, **entry.example}
    rehearsed = "yes" if getattr(found, "rehearsable", False) else "no"
    yield f"Rollback: {_rollback(example, entry)}. Rehearsed on a copy: {rehearsed}.\n"
    for parameter, kind in entry.parameters.items():
        yield from _parameter(parameter, kind)
    yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"


def _rollback(example: dict[str, Any], entry: Entry) -> str:
    """Return what a plan says of the example, and which parameter changes that."""
    possible, why = way_back(Step.model_validate(example), (), declared=False)
    said = f"{'yes' if possible else 'no'} ({why.render('en')})"
    for parameter in entry.example:
        without = {name: value for name, value in example.items() if name != parameter}
        other, reason = way_back(Step.model_validate(without), (), declared=False)
        if possible and not other:
            said += f"; without `{parameter}` no ({reason.render('en')})"
    return said


def _choices(annotation: Any) -> list[Any]:
    """Return what a field may be, where that is a list of its own."""
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [one.value for one in annotation]
    if get_origin(annotation) in (Union, UnionType, Annotated, tuple, list):
        inner = get_args(annotation)
        return [
            choice for one in (inner[:1] if get_origin(annotation) is Annotated else inner) for choice in _choices(one)
        ]
    return []


def _parameter(name: str, kind: Any) -> Iterator[str]:
    if isinstance(kind, str):
        yield f"`{name}`: {kind}.\n"
        return
    model = kind[0] if isinstance(kind, list) else kind
    yield f"`{name}`: {'list of objects' if isinstance(kind, list) else 'object'}. {_first(model)}\n"
    yield "| field | default | meaning |\n| --- | --- | --- |"
    notes = _notes(model)
    for field, info in model.model_fields.items():
        default = "required" if info.is_required() else f"`{_default(info)}`"
        choices = ", ".join(f"`{choice}`" for choice in _choices(info.annotation))
        limits = "; ".join(filter(None, [choices, _limits(info.metadata), notes.get(field, "")]))
        yield f"| `{field}` | {default} | {limits} |"
    yield ""


def _default(info: Any) -> str:
    value = info.default_factory() if info.default is PydanticUndefined and info.default_factory else info.default
    value = list(value) if isinstance(value, tuple) else value
    return json.dumps(value, default=str, ensure_ascii=False).replace("|", "\\|")


def _limits(metadata: list[Any]) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    found = [
        f"{word} {getattr(item, name)}" for item in metadata for name, word in words.items() if hasattr(item, name)
    ]
    return ", ".join(found)


def _first(model: type[BaseModel]) -> str:
    return (inspect.getdoc(model) or "").split("\n\n")[0].replace("\n", " ")


def _notes(model: type[BaseModel]) -> dict[str, str]:
    """Return the text that stands below each field in the source, of the model and of what it is made from."""
    notes: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind.__module__.startswith("enghub."):
            body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
            fields = body.body if isinstance(body, ast.ClassDef) else []
            for field, below in pairwise(fields):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(below, ast.Expr)
                    and isinstance(below.value, ast.Constant)
                ):
                    notes[field.target.id] = inspect.cleandoc(str(below.value.value)).replace("\n", " ")
    return notes


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
    sys.stdout.write(f"{TARGET}: {len(ENTRIES)} steps\n")
