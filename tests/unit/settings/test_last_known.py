"""While the store is away, what was read last answers: marked, to who read it, as time goes on (CFG-25)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from enghub.core.commits import Kept
from enghub.core.errors import Unavailable
from enghub.settings.configs.errors import ConfigNotFound
from enghub.settings.configs.last_known import LastKnown
from enghub.settings.configs.model import Address, Config, EffectiveMode, Layer, Owner
from enghub.settings.configs.reading import ConfigReader
from tests.factories.http import NOW
from tests.factories.settings import a_creation, an_update
from tests.fakes.settings import FakeConfigs

ANN, OTHER = Owner(Layer.USER, "acme", "ann"), Owner(Layer.USER, "globex", "ann")
KEY = "session.timeout"
LATER = NOW + timedelta(minutes=30)


class Away(FakeConfigs):
    """A store that can go away."""

    is_away = False

    def load(self, addresses: Sequence[Address]) -> Mapping[Address, Kept[Config]]:
        if self.is_away:
            raise Unavailable
        return super().load(addresses)


@pytest.fixture
def store() -> Away:
    found = Away()
    found.save([a_creation()], None, lambda _: None)
    return found


def test_what_was_read_last_answers_and_says_since_when(store: Away) -> None:
    reader = ConfigReader(store)
    fresh = reader.effective(ANN, KEY, NOW)
    assert fresh.stale_since is None
    store.is_away = True
    stale = reader.effective(ANN, KEY, LATER)
    assert (stale.now.value, stale.stale_since) == ("3600", NOW)
    store.is_away = False
    assert reader.effective(ANN, KEY, LATER).stale_since is None


def test_a_planned_value_begins_on_the_second_without_the_store(store: Away) -> None:
    reader = ConfigReader(store)
    kept = next(iter(store.load([a_creation().after.address]).values()))
    planned = an_update(kept, "7200", mode=EffectiveMode.SCHEDULED, effective_at=LATER)
    store.save([planned], None, lambda _: None)
    assert reader.effective(ANN, KEY, NOW + timedelta(minutes=2)).now.value == "3600"
    store.is_away = True
    assert reader.effective(ANN, KEY, LATER - timedelta(seconds=1)).now.value == "3600"
    assert reader.effective(ANN, KEY, LATER).now.value == "7200"


def test_nobody_is_told_what_another_read_and_what_was_never_read_is_an_outage(store: Away) -> None:
    reader = ConfigReader(store)
    reader.effective(ANN, KEY, NOW)
    store.is_away = True
    for owner, key in ((OTHER, KEY), (ANN, "another.key")):
        with pytest.raises(Unavailable):
            reader.effective(owner, key, NOW)


def test_that_a_key_is_nowhere_is_remembered(store: Away) -> None:
    reader = ConfigReader(store)
    for away in (False, True):
        store.is_away = away
        with pytest.raises(ConfigNotFound):
            reader.effective(ANN, "not.there", NOW)


def test_a_process_remembers_a_bounded_number_those_asked_for_last(store: Away) -> None:
    reader = ConfigReader(store, LastKnown(most=2))
    reader.effective(ANN, KEY, NOW)
    for number in range(3):
        reader.effective(ANN, KEY, NOW)
        with pytest.raises(ConfigNotFound):
            reader.effective(ANN, f"not.there.{number}", NOW)
    store.is_away = True
    assert reader.effective(ANN, KEY, NOW).stale_since == NOW
    with pytest.raises(Unavailable):
        reader.effective(ANN, "not.there.0", NOW)
