"""What may run in a scratch database, and under whose name; what of a step a rehearsal runs (UPG-09)."""

import pytest

from enghub.kit.databases.objects import names_database, undefined
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.rehearsal.model import rehearsed
from tests.factories.upgrade import step


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("UPDATE mes.items SET n = 1", True),
        ("UPDATE `mes` . `items` SET n = 1", True),
        ("CALL MES.total()", True),
        ("UPDATE items SET mes = 1", False),
        ("UPDATE timesmes.items SET n = 1", False),
        ("SELECT items.mes FROM items", False),
    ],
)
def test_only_where_a_name_leads_to_another_database_it_is_looked_for(sql: str, names: bool) -> None:
    assert names_database(sql, Dialect.MARIADB, "mes") is names
    assert not names_database(sql, Dialect.POSTGRESQL, "mes")


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (
            "CREATE ALGORITHM=UNDEFINED DEFINER=`ops`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1 AS `view`",
            "CREATE VIEW `v` AS select 1 AS `view`",
        ),
        ("CREATE DEFINER=`ops`@`%` PROCEDURE `p`()\nSELECT 1", "CREATE PROCEDURE `p`()\nSELECT 1"),
        (
            "CREATE DEFINER=`ops`@`%` TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.n = 1",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.n = 1",
        ),
    ],
)
def test_a_definer_stays_behind(shown: str, wanted: str) -> None:
    assert undefined(shown) == wanted


@pytest.mark.parametrize(
    ("definition", "outside"),
    [
        (step("enghub.SqlScripts", sql_scripts=["a.sql"]), ()),
        (step("enghub.ConfigFiles", config_files=["a.xml"]), None),
        (step("enghub.StopService"), None),
        (step("com.ft.upgrade.steps.StartupPreProcessStep", sql_scripts=["a.sql"]), ()),
        (
            step("com.ft.upgrade.steps.PostUpgradeProcessStep", sql_scripts=["a.sql"], log_cleanup=[{"folder": "l"}]),
            ("log_cleanup",),
        ),
        (step("com.ft.upgrade.steps.StartupPostProcessStep", health_checks=[{"name": "h"}]), None),
    ],
)
def test_what_uses_more_than_the_database_is_left_out(definition: dict[str, object], outside: object) -> None:
    found, names = rehearsed(Step.model_validate(definition))
    assert (None if found is None else names) == outside
    if found is not None:
        assert not any(found.parameters.get(name) for name in names)


def test_a_backups_files_are_left_out_and_its_tables_stay() -> None:
    backup = {"tables": ["items"], "config_files": ["a.xml"], "keep": 2}
    found, names = rehearsed(Step.model_validate(step("enghub.Backup", backup=backup)))
    assert names == ("backup.config_files",)
    assert found is not None
    assert found.parameters["backup"] == {"tables": ["items"], "keep": 2}
    assert rehearsed(Step.model_validate(step("enghub.Backup", backup={"config_files": ["a.xml"]})))[0] is None
