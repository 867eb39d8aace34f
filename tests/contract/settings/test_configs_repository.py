"""What every store of configuration items does: the fake of the unit tests and DynamoDB alike."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from enghub.core.commits import Kept
from enghub.settings.configs import commits, dynamo
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.dynamo import DynamoConfigs
from enghub.settings.configs.events import configuration_changed
from enghub.settings.configs.listing import summary_of
from enghub.settings.configs.model import Config, ConfigType, Layer, Scope
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


def announced(commits: Iterable[ConfigCommit]) -> list[ConfigCommit]:
    return [replace(one, events=(configuration_changed(one),)) for one in commits]


def save(store: ConfigRepository, *commits: ConfigCommit) -> Kept[Config]:
    """Save, and return the last item as the store has it now."""
    store.save(announced(commits), None, lambda _: None)
    address = commits[-1].after.address
    return store.load([address])[address]


def a_deletion(kept: Kept[Config]) -> ConfigCommit:
    return commits.deleted(kept, an_origin(at=NOW + timedelta(hours=1)), "unused")


def referring(source: str, *targets: Kept[Config]) -> ConfigCommit:
    addresses = tuple(target.value.address for target in targets)
    change = a_creation(an_address(source), value="".join(f"${{{one.config_key}}}" for one in addresses))
    return replace(change, after=replace(change.after, references=addresses))


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
    assert store.load([address])[address].value == change.after
    assert store.version(address, 1) == change.after


def test_what_does_not_exist_is_left_out(store: ConfigRepository) -> None:
    assert store.load([an_address()]) == {}
    assert store.load([]) == {}
    assert store.version(an_address(), 1) is None


def test_layers_are_apart(store: ConfigRepository) -> None:
    saved = [save(store, a_creation(an_address(layer=layer), value=layer)) for layer in Layer]
    saved.append(save(store, a_creation(an_address(layer=Layer.USER, user="emp-002"), value="other")))
    found = store.load([kept.value.address for kept in saved])
    assert {kept.value.content.value for kept in found.values()} == {"global", "tenant", "user", "other"}


def test_every_version_is_kept(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="1"))
    second = save(store, an_update(first, "2"))
    gone = save(store, a_deletion(second))
    again = commits.created(first.value.address, first.value.content, gone, an_origin(), "again")
    save(store, again)
    values = [store.version(first.value.address, number) for number in (1, 2, 3, 4)]
    assert [(v.content.value, v.is_deleted) for v in values if v] == [
        ("1", False),
        ("2", False),
        ("2", True),
        ("1", False),
    ]


def test_of_two_changes_to_one_version_one_is_refused(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="1"))
    save(store, an_update(first, "2"))
    late = an_update(first, "3")
    with pytest.raises(Outdated) as refused:
        save(store, late)
    assert refused.value.address == late.after.address
    found = store.load([first.value.address])[first.value.address].value
    assert (found.content.value, found.version) == ("2", 2)


def test_a_second_creation_is_refused(store: ConfigRepository) -> None:
    save(store, a_creation(value="1"))
    with pytest.raises(Outdated):
        save(store, a_creation(value="2"))


def test_of_many_concurrent_writers_exactly_one_wins(store: ConfigRepository) -> None:
    first = save(store, a_creation(value="0"))

    def write(number: int) -> bool:
        try:
            save(store, an_update(first, str(number)))
        except Outdated:
            return False
        return True

    with one_call_at_a_time(), ThreadPoolExecutor(8) as writers:
        won = list(writers.map(write, range(1, 9)))
    assert won.count(True) == 1
    assert store.load([first.value.address])[first.value.address].value.content.value == str(won.index(True) + 1)


def test_changes_are_saved_together_or_not_at_all(store: ConfigRepository) -> None:
    one = save(store, a_creation(an_address("one"), value="1"))
    two = save(store, a_creation(an_address("two"), value="1"))
    save(store, an_update(two, "2"))
    with pytest.raises(Outdated):
        save(store, an_update(one, "3"), an_update(two, "3"))
    assert store.load([one.value.address])[one.value.address].revision == 1


def test_summaries_follow_the_items(store: ConfigRepository) -> None:
    one = save(store, a_creation(an_address("one"), value="1", tags=("a",), expire_at=NOW + timedelta(days=1)))
    two = save(store, a_creation(an_address("two"), value="x" * 2_000))
    save(store, a_creation(an_address("one", Layer.GLOBAL), value="1"))
    owner = one.value.address.owner
    assert list(store.summaries(owner)) == [
        summary_of(one.value, one.value.updated_at),
        summary_of(two.value, two.value.updated_at),
    ]
    newer = save(store, an_update(one, "2"))
    save(store, a_deletion(two))
    assert list(store.summaries(owner)) == [summary_of(newer.value, newer.value.updated_at)]


def test_a_layer_is_gone_through_by_key(store: ConfigRepository) -> None:
    names = ["a", "a-b", "a.b", "aa", "b"]
    for name in names:
        last = save(store, a_creation(an_address(name)))
    owner = last.value.address.owner
    seen = []
    after: str | None = ""
    while after is not None:
        looked = store.summaries_after(owner, after, 2)
        seen += [one.config_key for one in looked.summaries]
        after = looked.last
    assert seen == sorted(names)
    assert [one.config_key for one in store.summaries_after(owner, "a", 1).summaries] == ["a-b"]


def test_an_item_is_kept_while_others_refer_to_it(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host", Layer.GLOBAL), value="h"))
    first, second = save(store, referring("a", target)), save(store, referring("b", target))
    assert store.dependants(target.value.address) == [first.value.address, second.value.address]
    with pytest.raises(Referenced):
        save(store, a_deletion(target))
    save(store, a_deletion(first))
    without = an_update(second, "plain")
    save(store, replace(without, after=replace(without.after, references=())))
    assert store.dependants(target.value.address) == []
    save(store, a_deletion(target))


def test_a_reference_to_a_deleted_item_is_refused(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host"), value="h"))
    save(store, a_deletion(target))
    with pytest.raises(TargetGone) as refused:
        save(store, referring("a", target))
    assert refused.value.address == target.value.address
    with pytest.raises(TargetGone):
        save(store, referring("a", Kept(a_creation(an_address("never")).after)))


def test_one_transaction_may_refer_to_one_item_many_times(store: ConfigRepository) -> None:
    target = save(store, a_creation(an_address("host"), value="h"))
    changes = [referring("a", target), referring("b", target)]
    save(store, *changes)
    assert len(store.dependants(target.value.address)) == 2


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
