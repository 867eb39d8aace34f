"""Whatever is done to a table's audit is found (MES-20; case S8)."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enghub.core import audit, audit_proof
from enghub.core.audit_proof import Anchor, Proof, sign
from enghub.core.commits import AuditEntry, Link
from enghub.core.identity import Origin

KEY = b"held by nobody who writes the table"
Items = list[dict[str, Any]]


def chain(subject: str, length: int, tenant: str = "acme", note: str = "") -> tuple[Items, Link]:
    items, link = [], Link()
    for number in range(1, length + 1):
        at = datetime(2026, 11, 20 + number, 8, tzinfo=UTC)
        origin = Origin(tenant, "sh-01", "ada", at, f"r{number}", "10.0.0.1", "tests")
        entry = AuditEntry(origin, "order.changed", subject, {"n": number - 1}, {"n": number}, link, note)
        items.append(dict(audit.to_put(entry).item))
        link = entry.link
    return items, link


def head(subject: str, link: Link) -> dict[str, Any]:
    where = {"pk": {"S": f"T#acme#ORDER#{subject}"}, "sk": {"S": "-"}}
    return {**where, "audit_sequence": {"N": str(link.sequence)}, "audit_hash": {"S": link.hash}}


def table() -> Items:
    items: Items = []
    for subject, length in (("order/sh-01/A", 4), ("order/sh-01/B", 1), ("order/sh-01/C", 3)):
        entries, link = chain(subject, length)
        items += [*entries, head(subject, link)]
    return items


def proof(items: Items) -> Proof:
    made = Proof()
    for item in items:
        made.take(item)
    return made


def kinds(items: Items, anchors: list[tuple[Anchor, bool]] | None = None) -> set[str]:
    return {finding.kind for finding in proof(items).findings(anchors or [])}


def of(items: Items, subject: str) -> Items:
    return [item for item in items if item["pk"]["S"] == f"T#acme#AUDIT#{subject}"]


def without(items: Items, gone: Items) -> Items:
    return [item for item in items if all(item is not one for one in gone)]


def edited(items: Items) -> Items:
    of(items, "order/sh-01/A")[1]["after"] = {"S": '{"n":99}'}
    return items


def swapped(items: Items) -> Items:
    first, second = of(items, "order/sh-01/A")[1:3]
    first["sk"], second["sk"] = second["sk"], first["sk"]
    return items


def computed_anew(items: Items) -> Items:
    entries, link = chain("order/sh-01/A", 4, note="nothing happened")
    rest = without(items, of(items, "order/sh-01/A"))
    for item in rest:
        if item["pk"]["S"].endswith("ORDER#order/sh-01/A"):
            item["audit_hash"] = {"S": link.hash}
    return [*rest, *entries]


ATTACKS: dict[str, tuple[Callable[[Items], Items], str]] = {
    "edit": (edited, audit_proof.EDITED),
    "first deleted": (lambda items: without(items, of(items, "order/sh-01/A")[:1]), audit_proof.GAP),
    "middle deleted": (lambda items: without(items, of(items, "order/sh-01/A")[1:2]), audit_proof.GAP),
    "last deleted": (lambda items: without(items, of(items, "order/sh-01/A")[-1:]), audit_proof.CUT),
    "all deleted": (lambda items: without(items, of(items, "order/sh-01/A")), audit_proof.CUT),
    "swap": (swapped, audit_proof.EDITED),
}


@pytest.mark.parametrize(("attack", "kind"), ATTACKS.values(), ids=ATTACKS)
def test_what_was_done_to_a_chain_is_found(attack: Callable[[Items], Items], kind: str) -> None:
    assert kinds(table()) == set()
    assert kind in kinds(attack(table()))


def anchors() -> list[Anchor]:
    return [proof(table()).anchor("acme", f"2026-11-{day}") for day in (21, 22, 23, 24)]


def test_a_chain_computed_anew_with_its_aggregate_is_found_by_the_anchor() -> None:
    assert kinds(computed_anew(table())) == set(), "the table alone cannot know"
    found = kinds(computed_anew(table()), [(one, True) for one in anchors()])
    assert found == {audit_proof.NOT_AS_ANCHORED}


def test_a_subject_that_is_gone_with_its_aggregate_is_found_by_the_anchor() -> None:
    items = [item for item in table() if "order/sh-01/A" not in item["pk"]["S"]]
    assert kinds(items) == set()
    assert kinds(items, [(one, True) for one in anchors()]) == {audit_proof.DELETED}


def test_what_comes_after_an_anchor_does_not_disturb_it() -> None:
    entries, link = chain("order/sh-01/D", 2)
    items = [*table(), *entries, head("order/sh-01/D", link)]
    assert kinds(items, [(one, True) for one in anchors()]) == set()


def test_an_anchor_is_worth_its_signature() -> None:
    good = anchors()[0]
    forged = Anchor(good.tenant_id, good.day, {**good.links, "order/sh-01/A": (1, "0" * 64)}, good.entries)
    assert sign(good, KEY) != sign(forged, KEY)
    assert sign(good, KEY) != sign(good, b"another key")
    assert kinds(table(), [(forged, False)]) == {audit_proof.FORGED}


NAMES = sorted(table()[0])


@given(st.integers(0, 3), st.sampled_from([*NAMES, "expires_at", "note"]), st.booleans())
def test_no_attribute_is_outside(place: int, name: str, removed: bool) -> None:
    items = deepcopy(table())
    item = of(items, "order/sh-01/A")[place]
    if name == "pk" or (removed and name not in item):
        return
    if removed and name != "sk":
        del item[name]
    else:
        kind, value = next(iter(item.get(name, {"N": "1"}).items()))
        item[name] = {kind: f"{value}7" if kind in ("S", "N") else value}
    if item.get(name) == table()[place].get(name):
        return
    assert kinds(items), f"{name} of entry {place + 1}"
