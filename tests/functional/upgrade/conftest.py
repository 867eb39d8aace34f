"""Databases for the upgrade's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from enghub.upgrade.gateways.databases.session import Address
from enghub.upgrade.sql.tokens import Dialect
from tests import databases


@pytest.fixture(params=databases.DIALECTS, ids=str)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


@pytest.fixture
def address(dialect: Dialect, tmp_path: Path) -> Iterator[Address]:
    with databases.database(dialect, tmp_path) as found:
        yield found
