"""Token, role, tenant and factory against every operation of the published document, through HTTP.

One owner does with every operation what it is for. Then others try the same: without a good token, from another
tenant, from another factory, with each role that lacks the right. What the owner has must be as before, no answer may
tell anything of it. ``make test`` tries a sample, the same one in every run; ``--campaign`` tries all.
"""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import httpx
import pytest

from enghub_cli.context import Cloud
from infra.stage import CONTEXTS
from tests.cloud import BUILD
from tests.e2e.core.test_refusals import forged
from tests.matrix.requests import Ids, Operation, Request, harvest, names, operations, requests
from tests.waiting import until
from tools.rights import ROLES

pytestmark = pytest.mark.e2e
SEED = 20261128
PATIENCE_SECONDS = 120
SAMPLE = 12
"""Operations of a sample: each new function costs the local cloud a second."""
TENANT, FACTORY = "matrix-owner-tenant", "matrix-factory"
"""Strangers have a factory of the same name: an answer that names it tells them nothing of the owner."""
BY_ITSELF = ("REFUSAL", "OUTBOX", "INBOX", "LIMIT", "CLAIM", "SESSIONS")
"""What refusals, consumers and sign-ins write; so do the audit's entries of sessions."""


@dataclass(frozen=True)
class Owned:
    """What the owner has: the operations tried, the ids their answers told, the items in the tables."""

    operations: tuple[Operation, ...]
    ids: Ids
    succeeded: frozenset[str]

    def requests(self) -> Iterator[Request]:
        """Yield all that is tried."""
        return (one for operation in self.operations for one in requests(operation, self.ids))


def roles() -> dict[str, frozenset[str]]:
    return {role: frozenset(rights) for role, rights in json.loads(ROLES.read_text("utf-8")).items()}


def items(cloud: Cloud, of: str) -> list[str]:
    """Return the items of all tables that name ``of``, but for what comes by itself."""
    found = []
    for context in CONTEXTS:
        pages = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=f"enghub-local-{context}")
        for item in (item for page in pages for item in page["Items"]):
            is_sign_in = item.get("action", {"S": ""})["S"].startswith("session.")
            if item["entity"]["S"].startswith(BY_ITSELF) or is_sign_in:
                continue
            if of in (text := json.dumps(item, sort_keys=True, default=str)):
                found.append(text)
    return sorted(found)


def settled(cloud: Cloud, of: str) -> list[str]:
    """Return the items once consumers have done with them."""
    last: list[str] = []

    def look() -> bool:
        nonlocal last
        before, last = last, items(cloud, of)
        return before == last

    until(look, seconds=60, every=1)
    return last


@pytest.fixture(scope="module")
def all_of_it(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--campaign"))


@pytest.fixture(scope="module")
def owned(cloud: Cloud, all_of_it: bool) -> Owned:
    found = list(operations(names() if all_of_it else random.Random(SEED).sample(names(), SAMPLE)))
    token = cloud.token(tenant=TENANT, factories=(FACTORY,), user="matrix-owner", roles=tuple(roles()))
    ids, done = Ids(), set()
    variables = {name for one in found for name in one.variables}
    for _ in range(2):  # what one operation makes, others take
        answers = tried(cloud, token, [one for operation in found for one in requests(operation, ids)])
        good = [(one.operation.name, answer) for one, answer in answers if answer.is_success]
        done |= {name for name, _ in good}
        ids = harvest((json.loads(answer.text or "null") for _, answer in good), variables)
    settled(cloud, TENANT)
    return Owned(tuple(found), ids, frozenset(done))


def tried(
    cloud: Cloud, token: str | None, wanted: Iterable[Request], headers: dict[str, str] | None = None
) -> list[tuple[Request, httpx.Response]]:
    """Send all that is wanted, each again after the pause that a 429 names."""
    answers = []
    with cloud.http(token) as client:
        client.timeout = httpx.Timeout(PATIENCE_SECONDS)
        for one in wanted:
            answer = one.send(client, headers)
            while answer.status_code == 429:
                threading.Event().wait(int(answer.headers["Retry-After"]))
                answer = one.send(client, headers)
            answers.append((one, answer))
    return answers


def statuses(counted: Counter[tuple[str, int]], axis: str, answers: list[tuple[Request, httpx.Response]]) -> set[int]:
    counted.update((axis, answer.status_code) for _, answer in answers)
    return {answer.status_code for _, answer in answers}


def leaks(answers: list[tuple[Request, httpx.Response]], secret: str) -> list[str]:
    return [f"{one.operation.name}: {answer.text[:300]}" for one, answer in answers if secret in answer.text]


@pytest.fixture(scope="module")
def counted(owned: Owned) -> Iterator[Counter[tuple[str, int]]]:
    """Answers by axis and status; `.build/matrix.txt` keeps them."""
    found: Counter[tuple[str, int]] = Counter()
    yield found
    lines = [f"{axis}: {number} x {status}" for (axis, status), number in sorted(found.items())]
    lines += [f"{len(owned.operations)} operations, of which {len(owned.succeeded)} succeeded for the owner"]
    (BUILD / "matrix.txt").write_text("\n".join([*lines, f"{found.total()} requests", ""]), "utf-8")


@pytest.mark.parametrize("kind", ["missing", "nonsense", "another key", "algorithm none", "algorithm HS256"])
def test_nothing_is_done_without_a_good_token(
    cloud: Cloud, owned: Owned, counted: Counter[tuple[str, int]], all_of_it: bool, kind: str
) -> None:
    good = cloud.token(tenant=TENANT, factories=(FACTORY,), user="matrix-owner", roles=tuple(roles()))
    before = settled(cloud, TENANT)
    # The local cloud starts the authorizer anew after each refusal.
    answers = tried(cloud, forged(good, kind), islice(owned.requests(), None if all_of_it else 3))
    assert statuses(counted, f"token {kind}", answers) == {401}
    assert leaks(answers, TENANT) == []
    assert items(cloud, TENANT) == before


def test_another_tenant_sees_and_changes_nothing(cloud: Cloud, owned: Owned, counted: Counter[tuple[str, int]]) -> None:
    token = cloud.token(tenant="matrix-stranger", factories=(FACTORY,), user="stranger", roles=tuple(roles()))
    before = settled(cloud, TENANT)
    answers = tried(cloud, token, owned.requests())
    assert max(statuses(counted, "another tenant", answers)) < 500
    assert leaks(answers, TENANT) == leaks(answers, "matrix-owner") == []
    assert settled(cloud, TENANT) == before


def test_another_factory_is_refused(cloud: Cloud, owned: Owned, counted: Counter[tuple[str, int]]) -> None:
    token = cloud.token(tenant=TENANT, factories=("matrix-far",), user="far", roles=tuple(roles()))
    before = settled(cloud, TENANT)
    answers = tried(cloud, token, owned.requests(), {"X-Factory-Id": FACTORY})
    assert statuses(counted, "a factory that is not theirs", answers) == {403}
    assert items(cloud, TENANT) == before


def test_another_factory_sees_and_changes_nothing(
    cloud: Cloud, owned: Owned, counted: Counter[tuple[str, int]]
) -> None:
    token = cloud.token(tenant=TENANT, factories=("matrix-far",), user="far", roles=tuple(roles()))
    before = settled(cloud, FACTORY)
    answers = tried(cloud, token, owned.requests())
    assert max(statuses(counted, "another factory", answers)) < 500
    assert leaks(answers, FACTORY) == []
    assert settled(cloud, FACTORY) == before


def test_a_role_without_the_right_is_refused(
    cloud: Cloud, owned: Owned, counted: Counter[tuple[str, int]], all_of_it: bool
) -> None:
    before = settled(cloud, TENANT)
    some = roles() if all_of_it else dict(random.Random(SEED).sample(sorted(roles().items()), 3))
    for role, rights in some.items():
        token = cloud.token(tenant=TENANT, factories=(FACTORY,), user=f"matrix-{role}".lower(), roles=(role,))
        lacking = [one for one in owned.requests() if not one.operation.rights & rights]
        answers = tried(cloud, token, lacking)
        statuses(counted, "a role without the right", answers)
        wrong = [f"{role} {one.operation.name}: {answer}" for one, answer in answers if answer.status_code != 403]
        assert not wrong
    assert items(cloud, TENANT) == before
