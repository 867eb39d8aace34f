"""What every store of configuration items does: the fake of the unit tests and DynamoDB alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from enghub.settings.configs import dynamo, model
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.listing import card_of
from enghub.settings.configs.model import Change, ConfigType, Layer, Scope
from enghub.settings.configs.repository import ConfigRepository, LayerIsFull, Outdated, Referenced, TargetGone
from tests.factories.http import NOW, an_origin
from tests.factories.settings import a_creation, an_address, an_update
from tests.fakes import settings as fakes
from tests.fakes.one_at_a_time import one_call_at_a_time
from tests.fakes.settings import FakeConfigs


@pytest.fixture(params=["fake", "dynamo"])
def store(request: pytest.FixtureRequest, account: Callable[..., str]) -> ConfigRepository:
    account("settings")
    return FakeConfigs() if request.param == "fake" else DynamoConfigs()


def save(store: ConfigRepository, *changes: Change) -> Change:
    """Save, and return the last change with its item as the store has it now."""
    store.save(changes, None, None)
    address = changes[-1].after.address
    return replace(changes[-1], after=store.load([address])[address])


def plain(config: Any) -> Any:
    """Leave out where the audit chain stands: only the table keeps one."""
    return config and replace(config, audit_sequence=0, audit_hash="")


def a_deletion(change: Change) -> Change:
    return model.deleted(change.after, an_origin(at=NOW + timedelta(hours=1)), "unused")


def referring(source: str, *targets: Change) -> Change:
    change = a_creation(an_address(source), value="".join(f"${{{t.after.address.config_key}}}" for t in targets))
    return replace(change, after=replace(change.after, references=tuple(t.after.address for t in targets)))


def test_what_is_saved_is_loaded_with_every_field(store: ConfigRepository) -> None:
    change = a_creation(
        value='{"größe": "1.50"}',
        type=ConfigType.JSON,
        scope=Scope.FEATURE,
        category="ui",
        tags=("a", "b"),
        description="Beschreibung",
        rule={"type": "range", "min": Decimal("0.1"), "max": 5},
        expire_at=NOW + timedelta(days=1),
        is_active=False,
    )
    save(store, change)
    address = change.after.address
    assert plain(store.load([address])[address]) == change.after
    assert plain(store.version(address, 1)) == change.after


def test_what_does_not_exist_is_left_out(store: ConfigRepository) -> None:
    assert store.load([an_address()]) == {}
    assert store.load([]) == {}
    assert store.version(an_address(), 1) is None


def test_layers_are_apart(store: ConfigRepository) -> None:
    saved = [save(store, a_creation(an_address(layer=layer), value=layer)) for layer in Layer]
    saved.append(save(store, a_creation(an_address(layer=Layer.USER, user="emp-002"), value="other")))
    found = store.load([change.after.address for change in saved])
    assert {config.content.value for config in found.values()} == {"global", "tenant", "user", "other"}


def test_every_version_is_kept(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="1"))
    second = save(store, an_update(first.after, "2"))
    gone = save(store, a_deletion(second))
    again = model.created(first.after.address, first.after.content, gone.after, an_origin(), "again")
    save(store, again)
    values = [store.version(first.after.address, number) for number in (1, 2, 3, 4)]
    assert [(v.content.value, v.is_deleted) for v in values if v] == [
        ("1", False),
        ("2", False),
        ("2", True),
        ("1", False),
    ]


def test_of_two_changes_to_one_version_one_is_refused(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="1"))
    save(store, an_update(first.after, "2"))
    late = an_update(first.after, "3")
    with pytest.raises(Outdated) as refused:
        save(store, late)
    assert refused.value.change is late
    found = store.load([first.after.address])[first.after.address]
    assert (found.content.value, found.version) == ("2", 2)


def test_a_second_creation_is_refused(store: ConfigRepository) -> None:
    save(store, a_creation(value="1"))
    with pytest.raises(Outdated):
        save(store, a_creation(value="2"))


def test_of_many_concurrent_writers_exactly_one_wins(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="0"))

    def write(number: int) -> bool:
        try:
            save(store, an_update(first.after, str(number)))
        except Outdated:
            return False
        return True

    with one_call_at_a_time(), ThreadPoolExecutor(8) as writers:
        won = list(writers.map(write, range(1, 9)))
    assert won.count(True) == 1
    assert store.load([first.after.address])[first.after.address].content.value == str(won.index(True) + 1)


def test_changes_are_saved_together_or_not_at_all(store: ConfigRepository) -> None:
    one = save(store, a_creation(an_address("one"), value="1"))
    two = save(store, a_creation(an_address("two"), value="1"))
    save(store, an_update(two.after, "2"))
    with pytest.raises(Outdated):
        save(store, an_update(one.after, "3"), an_update(two.after, "3"))
    assert store.load([one.after.address])[one.after.address].version == 1


def test_cards_follow_the_items(store: ConfigRepository) -> None:
    one = save(store, a_creation(an_address("one"), value="1", tags=("a",), expire_at=NOW + timedelta(days=1)))
    two = save(store, a_creation(an_address("two"), value="x" * 2_000))
    save(store, a_creation(an_address("one", Layer.GLOBAL), value="1"))
    owner = one.after.address.owner
    assert list(store.cards(owner)) == [card_of(one.after), card_of(two.after)]
    newer = save(store, an_update(one.after, "2"))
    save(store, a_deletion(two))
    assert list(store.cards(owner)) == [card_of(newer.after)]


def test_an_item_is_kept_while_others_refer_to_it(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host", Layer.GLOBAL), value="h"))
    first, second = save(store, referring("a", target)), save(store, referring("b", target))
    assert store.dependants(target.after.address) == [first.after.address, second.after.address]
    with pytest.raises(Referenced):
        save(store, a_deletion(target))
    save(store, a_deletion(first))
    without = an_update(second.after, "plain")
    save(store, replace(without, after=replace(without.after, references=())))
    assert store.dependants(target.after.address) == []
    save(store, a_deletion(target))


def test_a_reference_to_a_deleted_item_is_refused(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host"), value="h"))
    save(store, a_deletion(target))
    with pytest.raises(TargetGone) as refused:
        save(store, referring("a", target))
    assert refused.value.address == target.after.address
    with pytest.raises(TargetGone):
        save(store, referring("a", a_creation(an_address("never"))))


def test_one_transaction_may_refer_to_one_item_many_times(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host"), value="h"))
    changes = [referring("a", target), referring("b", target)]
    save(store, *changes)
    assert len(store.dependants(target.after.address)) == 2


def test_a_full_layer_takes_no_more(store: ConfigRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo, "MAX_ITEMS_PER_LAYER", 2)
    monkeypatch.setattr(fakes, "MAX_ITEMS_PER_LAYER", 2)
    save(store, a_creation(an_address("a")))
    last = save(store, a_creation(an_address("b")))
    with pytest.raises(LayerIsFull):
        save(store, a_creation(an_address("c")))
    save(store, a_creation(an_address("c", Layer.GLOBAL)))
    save(store, a_deletion(last))
    save(store, a_creation(an_address("c")))


@pytest.mark.parametrize("kind", ["creation", "update", "deletion", "references"])
def test_the_number_of_writes_is_known_before(kind: str) -> None:
    first, target = a_creation(), a_creation(an_address("host"))
    changes = {
        "creation": [first],
        "update": [an_update(first.after, "2"), an_update(target.after, "2")],
        "deletion": [a_deletion(first)],
        "references": [referring("a", target), referring("b", target)],
    }[kind]
    assert FakeConfigs().writes_of(changes) == DynamoConfigs().writes_of(changes)
