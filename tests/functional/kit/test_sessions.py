"""Sessions on real databases: one writer at a time, fenced by its token; readers that cannot write; who is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from enghub.kit.databases.errors import DatabaseBusy
from enghub.kit.databases.fence import Fence
from enghub.kit.databases.session import Address, DatabaseSessions
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import Superseded, WorkFailed
from enghub.kit.work.slices import Budget
from tests import databases
from tests.databases import sql

OWN = sa.MetaData()
FENCE = sa.Table(
    "some_fence",
    OWN,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", sa.BigInteger, nullable=False),
)
NOTES = sa.Table("some_notes", OWN, sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture(params=databases.DIALECTS, ids=str)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture
def orders(dialect: Dialect, tmp_path: Path) -> Iterator[Address]:
    with databases.database(dialect, tmp_path) as address:
        sql(address, "CREATE TABLE orders (id INTEGER PRIMARY KEY)", "INSERT INTO orders VALUES (1), (2)")
        yield address


def sessions(address: Address, token: int) -> DatabaseSessions:
    return DatabaseSessions(address, Fence(FENCE, token))


def test_a_readers_connection_cannot_write(orders: Address) -> None:
    with sessions(orders, 1).reader(10) as session, pytest.raises(sa.exc.DBAPIError):
        session.connection.exec_driver_sql("DELETE FROM orders")
    assert sql(orders, "SELECT COUNT(*) FROM orders") == [(2,)]


def test_a_writer_makes_the_tables_it_keeps_for_itself_once(orders: Address) -> None:
    for _ in range(2):
        with sessions(orders, 1).writer(Budget.of(5, 20)) as session, session.transaction() as connection:
            assert {FENCE.name, NOTES.name} <= set(sa.inspect(connection).get_table_names())


def test_a_worker_with_a_smaller_token_is_refused_by_the_database(orders: Address) -> None:
    with sessions(orders, 7).writer(Budget.of(5, 20)):
        pass
    with pytest.raises(Superseded), sessions(orders, 6).writer(Budget.of(5, 20)):
        pass
    with sessions(orders, 7).writer(Budget.of(5, 20)) as session, session.transaction():
        pass


def test_a_worker_that_wakes_up_after_another_took_over_writes_nothing(orders: Address) -> None:
    with sessions(orders, 1).writer(Budget.of(5, 20)) as session:
        sql(orders, f"UPDATE {FENCE.name} SET token = 2 WHERE id = 1")
        with pytest.raises(Superseded), session.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM orders")
    assert sql(orders, "SELECT COUNT(*) FROM orders") == [(2,)]


def test_two_workers_cannot_write_at_once(orders: Address, dialect: Dialect) -> None:
    if dialect is Dialect.SQLITE:
        return  # its transactions exclude each other; there is no session to hold
    with (
        sessions(orders, 1).writer(Budget.of(5, 20)),
        pytest.raises(DatabaseBusy),
        sessions(orders, 2).writer(Budget.of(5, 20)),
    ):
        pass


def test_wrong_credentials_are_not_tried_again(orders: Address, dialect: Dialect) -> None:
    if dialect is not Dialect.MARIADB:
        return  # the others trust whoever comes from this machine
    refused: list[bool] = []
    wrong = Address(dialect, orders.url.set(username="nobody", password="wrong"))
    with (
        pytest.raises(WorkFailed, match="refuses the user or password"),
        DatabaseSessions(wrong, Fence(FENCE, 1), lambda: refused.append(True)).reader(5),
    ):
        pass
    assert refused == [True]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Address]:
    with databases.database(Dialect.SQLITE, tmp_path) as address:
        yield address


def test_a_pattern_that_keeps_other_engines_busy_for_ever_is_answered_at_once(embedded: Address) -> None:
    with DatabaseSessions(embedded, Fence(FENCE, 1)).reader(5) as session:
        assert session.scalar(sa.text(f"SELECT '{'a' * 50_000}!' REGEXP '(a+)+$'")) == 0
        assert session.scalar(sa.text("SELECT 'x' || char(7) REGEXP '[[:cntrl:]]'")) == 1
        assert session.scalar(sa.text("SELECT NULL REGEXP 'x'")) == 0


def test_a_pattern_that_looks_around_is_refused(embedded: Address) -> None:
    with (
        pytest.raises(WorkFailed, match="user-defined function raised exception"),
        DatabaseSessions(embedded, Fence(FENCE, 1)).reader(5) as session,
    ):
        session.scalar(sa.text("SELECT 'x' REGEXP '(?=x)'"))


@pytest.mark.parametrize("made", ["zeroblob(900000000)", "hex(zeroblob(60000000))"])
def test_a_value_that_would_fill_the_memory_is_refused(embedded: Address, made: str) -> None:
    with (
        pytest.raises(WorkFailed, match="too big"),
        DatabaseSessions(embedded, Fence(FENCE, 1)).reader(5) as session,
    ):
        session.scalar(sa.text(f"SELECT length({made})"))
