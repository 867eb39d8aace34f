"""Places for the steps' tests, with the business's tables and files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from enghub.kit.databases.session import Address
from enghub.kit.sql.dialect import Dialect
from tests import databases
from tests.functional.upgrade.steps.matrix import Place
from tests.functional.upgrade.steps.scenarios.scenario import business


@pytest.fixture
def place(address: Address, tmp_path: Path) -> Place:
    """One on every database."""
    found = Place(tmp_path, address)
    business(found)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    """SQLite alone, for what does not depend on the database."""
    with databases.database(Dialect.SQLITE, tmp_path) as address:
        found = Place(tmp_path, address)
        business(found)
        yield found
