"""A site's secret and database are tried before anything depends on them (UPG-19; cases N5, N6, N15)."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from enghub.core import secrets
from enghub.kit.databases.errors import DatabaseUnreachable
from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.databases.kinds import databases_of
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade

NAME = "enghub/test/upgrade/site/acme/EU"


def checked(hub: Upgrade) -> Any:
    status, answer = hub.send("check_site", "POST", "/api/v1/upgrade/sites/EU/check", {})
    assert status == 200
    return answer["data"]


def secret(text: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=NAME, SecretString=text)
    secrets.forget()


def test_a_site_that_can_be_upgraded_names_its_server(upgrade: Upgrade) -> None:
    upgrade.site()
    found = checked(upgrade)
    assert found["server"].startswith("SQLite 3.")
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mysql://root@localhost/db", "is no JSON object: write"),
        ('["mysql://root@localhost/db"]', "is no JSON object: write"),
        (json.dumps({"url": "jdbc:mysql://localhost/db"}), "no jdbc:"),
        (json.dumps({"host": "h", "database": "d", "port": "many"}), "secret is not usable"),
        (json.dumps({"user": "root"}), "secret is not usable"),
        (json.dumps({"url": "postgresql://h/db"}), "secret is for postgresql"),
    ],
)
def test_a_secret_that_no_database_would_take_says_the_form(upgrade: Upgrade, text: str, said: str) -> None:
    upgrade.site()
    secret(text)
    found = checked(upgrade)
    assert found["server"] is None
    assert said in found["problems"][0]
    assert "root" not in found["problems"][0]


def test_a_corrected_secret_is_read_at_once(upgrade: Upgrade, tmp_path: Path) -> None:
    upgrade.site()
    boto3.client("secretsmanager").put_secret_value(SecretId=NAME, SecretString="nothing")
    secrets.forget()
    assert checked(upgrade)["problems"]
    boto3.client("secretsmanager").put_secret_value(
        SecretId=NAME, SecretString=json.dumps({"url": f"sqlite:///{tmp_path / 'site.db'}"})
    )
    assert checked(upgrade)["problems"] == []


def test_a_wrong_address_is_forgotten_and_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten = []
    monkeypatch.setattr("enghub.kit.databases.session.CONNECT_TRIES", 1)
    for dialect, scheme in ((Dialect.MARIADB, "mysql"), (Dialect.POSTGRESQL, "postgresql")):
        address = Address.of(dialect, {"url": f"{scheme}://ada:topsecret@127.0.0.1:9/db"})
        with (
            pytest.raises(DatabaseUnreachable, match=r"127\.0\.0\.1:9: .*(refused|Connection)") as away,
            databases_of(address, 1, lambda: forgotten.append(1)).reader(5),
        ):
            pass
        assert "topsecret" not in str(away.value)
    assert len(forgotten) == 2


def test_a_package_that_is_not_whole_is_refused_when_it_is_checked(upgrade: Upgrade) -> None:
    first = {**step("enghub.SqlScripts", "first", sql_scripts=["a.sql"]), "dependencies": ["nobody"]}
    document = baseline(upgrade_steps={"startup_pre_process": [first]})
    body = {"manifest": document, "scripts": {}}
    status, answer = upgrade.send("change_manifest", "POST", "/api/v1/upgrade/manifests/validate", body)
    assert status == 400
    told = json.dumps(answer)
    assert "a.sql" in told
    assert "nobody" in told


def test_what_runs_already_is_no_gap(upgrade: Upgrade) -> None:
    upgrade.site(version="2.16.5")
    upgrade.upload(baseline(upgrade_steps={}))
    for source in ("2.16.4", "2.16.5"):
        status, answer = upgrade.execute("2.16.5", source)
        assert (status, answer["details"]["error"]) == (422, "NOTHING_TO_UPGRADE"), answer
        assert "runs 2.16.5 already" in answer["message"]


def test_a_secret_that_refuses_says_why() -> None:
    with pytest.raises(WorkFailed, match="not usable"):
        Address.of(Dialect.MARIADB, {"url": "not a url at all"})
