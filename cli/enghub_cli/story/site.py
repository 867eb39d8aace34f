"""The last chapter: a site is upgraded, fails on purpose half-way, is mended, resumes and finishes."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from enghub_cli import context
from enghub_cli.story.teller import Teller

UPGRADE = "/api/v1/upgrade"
ROWS = 3_000
BASELINE: dict[str, Any] = {
    "version": "2.16.5",
    "version_type": "baseline",
    "description": "订单按分计价 Orders in cents",
    "dependencies": {"min_source_version": "2.16.0", "max_source_version": "2.16.4"},
    "upgrade_steps": {
        "pre_business_check": [
            {
                "id": "check_amounts",
                "name": "金额检查 Amounts",
                "class_name": "com.ft.upgrade.steps.PreBusinessCheckStep",
                "is_common": True,
                "checks": [{"id": "negative", "sql": "SELECT COUNT(*) FROM orders WHERE amount < 0"}],
            }
        ],
        "startup_pre_process": [
            {
                "id": "cents",
                "name": "迁移订单 Move the orders",
                "class_name": "com.ft.upgrade.steps.StartupPreProcessStep",
                "is_common": True,
                "sql_scripts": ["2.16.5/001_orders_v2.sql"],
                "migrations": [
                    {
                        "name": "orders",
                        "source": "orders",
                        "target": "orders_v2",
                        "mapping": {"id": "id", "number": "number", "cents": {"expression": "amount * 100"}},
                        "batch_size": 500,
                    }
                ],
                "comparisons": [
                    {"name": "moved", "left": {"table": "orders"}, "right": {"table": "orders_v2"}},
                ],
            }
        ],
    },
}
BASELINE_SCRIPTS = {
    "2.16.5/001_orders_v2.sql": "CREATE TABLE orders_v2 (id INTEGER PRIMARY KEY, number TEXT NOT NULL, cents INTEGER);",
}
PATCH: dict[str, Any] = {
    "version": "2.16.5.1",
    "version_type": "patch",
    "base_version": "2.16.5",
    "description": "订单号唯一 Order numbers are unique",
    "dependencies": {"required_base_version": "2.16.5"},
    "patch_info": {"fixed_issues": ["BUG-12345"], "risk_level": "low", "rollback_supported": True},
    "upgrade_steps": {
        "startup_pre_process": [
            {
                "id": "unique_numbers",
                "name": "补丁SQL执行 Unique order numbers",
                "class_name": "com.ft.upgrade.patch.PatchSqlExecutorStep",
                "is_common": True,
                "sql_scripts": ["patch/2.16.5.1/001_unique.sql"],
            }
        ],
    },
}
PATCH_SCRIPTS = {
    "patch/2.16.5.1/001_unique.sql": "CREATE UNIQUE INDEX orders_number ON orders_v2 (number);",
}


def upgrade_site(tell: Teller) -> None:
    """From 2.16.4 over a baseline to a patch: the patch meets a duplicate order number."""
    tell.chapter("8  A site is upgraded, stops half-way, resumes and finishes")
    tell.sign_in("zhao", "UPGRADE_ADMIN")
    site, file = f"SITE-{tell.run}", _business_database(tell.run)
    made = tell.call(
        "zhao",
        "PUT",
        f"{UPGRADE}/sites/{site}",
        {"name": "示范局点 Demo", "dialect": "sqlite", "version": "2.16.4"},
        expect=200,
        show=lambda data: {"siteId": data["siteId"], "secretName": data["secretName"]},
    )
    secret = json.dumps({"url": f"sqlite:///{file}"})
    tell.cloud.client("secretsmanager").create_secret(Name=made["secretName"], SecretString=secret)
    for manifest, scripts in ((BASELINE, BASELINE_SCRIPTS), (PATCH, PATCH_SCRIPTS)):
        upload = {"manifest": manifest, "scripts": scripts, "activate": True}
        tell.call("zhao", "POST", f"{UPGRADE}/manifests", upload, expect=201, show=_manifest)
    asked = {"upgradeBeforeVersion": "2.16.4", "upgradeAfterVersion": "2.16.5.1", "siteId": site, "environment": "test"}
    tell.call("zhao", "POST", f"{UPGRADE}/plan", asked, expect=200, show=_plan)
    key = {"Idempotency-Key": f"{tell.run}-upgrade"}
    started = tell.call("zhao", "POST", f"{UPGRADE}/execute", asked, expect=202, headers=key, show=_short)
    status = f"{UPGRADE}/status/{started['executionId']}"
    tell.wait("zhao", status, lambda data: data["status"] == "FAILED", show=_state)
    tell.say("Two orders share a number. The operator mends the data; nothing that was done is done again.")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE orders_v2 SET number = 'SO-00017-B' WHERE id = 18")
    connection.close()
    tell.call("zhao", "POST", f"{UPGRADE}/resume/{started['executionId']}", {}, expect=202, show=_short)
    tell.wait("zhao", status, lambda data: data["status"] == "SUCCEEDED", show=_state)
    tell.call("zhao", "GET", f"{UPGRADE}/report/{started['executionId']}", expect=200, show=_report)


def _business_database(run: str) -> Path:
    """Make the site's database: 3,000 orders, two of which share a number."""
    folder = context.home().folder.resolve() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run}.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, number TEXT NOT NULL, amount INTEGER)")
        rows = [(n, f"SO-{17 if n == 18 else n:05d}", n % 500) for n in range(1, ROWS + 1)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    connection.close()
    return file


def _manifest(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("version", "versionType", "activeRevision")}


def _plan(data: dict[str, Any]) -> dict[str, Any]:
    return {"versions": data["versions"], "steps": [step["step"] for step in data["steps"]]}


def _short(data: dict[str, Any]) -> dict[str, Any]:
    return {"executionId": data["executionId"], "status": data["status"]}


def _state(data: dict[str, Any]) -> dict[str, Any]:
    steps = {step["step"]: step["status"] for step in data["steps"] if step["status"] not in {"PENDING", "SUCCEEDED"}}
    progress = next(
        (step["progress"] for step in data["steps"] if step["progress"] and step["status"] == "RUNNING"), None
    )
    found = {"status": data["status"], "completed": f"{data['completedSteps']}/{data['totalSteps']}", **steps}
    return {
        **found,
        **({"progress": progress} if progress else {}),
        **({"error": data["error"]} if data["error"] else {}),
    }


def _report(data: dict[str, Any]) -> dict[str, Any]:
    phases = {phase["phase"]: f"{phase['succeeded']}/{phase['steps']}" for phase in data["phases"]}
    return {"durationSeconds": data["durationSeconds"], "failedSteps": data["failedSteps"], "phases": phases}
