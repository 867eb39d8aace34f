"""Which layer answers, and what a list shows (CFG-01, CFG-03)."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from enghub.settings.configs.listing import Filter, Order, SortBy, Summary, listing, summary_of
from enghub.settings.configs.model import Config, Layer, Owner, Scope, effective
from tests.factories.http import NOW
from tests.factories.settings import a_creation, an_address


def an_item(layer: Layer, *, active: bool = True, expired: bool = False, deleted: bool = False) -> Config:
    config = a_creation(an_address(layer=layer), is_active=active, expire_at=NOW if expired else None).after
    return replace(config, is_deleted=deleted)


states = st.fixed_dictionaries({"active": st.booleans(), "expired": st.booleans(), "deleted": st.booleans()})


@given(st.lists(st.none() | states, min_size=3, max_size=3))
def test_the_nearest_layer_in_force_answers(given_states: list[dict[str, bool] | None]) -> None:
    nearest_first = [Layer.USER, Layer.TENANT, Layer.GLOBAL]
    found = [None if s is None else an_item(layer, **s) for layer, s in zip(nearest_first, given_states, strict=True)]
    expected = [
        layer
        for layer, s in zip(nearest_first, given_states, strict=True)
        if s and s["active"] and not s["expired"] and not s["deleted"]
    ]
    answer = effective(found, NOW)
    assert (answer and answer.config.address.owner.layer) == (expected[0] if expected else None)


def test_an_item_answers_until_the_moment_it_expires() -> None:
    config = a_creation(expire_at=NOW + timedelta(hours=1)).after
    assert config.in_force(NOW + timedelta(hours=1) - timedelta(microseconds=1))
    assert not config.in_force(NOW + timedelta(hours=1))


def test_the_etag_of_an_answer_changes_with_every_layer_that_takes_part() -> None:
    user, tenant = an_item(Layer.USER), an_item(Layer.TENANT)
    tags = [
        effective(found, NOW).etag(NOW)  # type: ignore[union-attr]
        for found in ([user], [tenant], [user, tenant], [user, replace(tenant, version=2)])
    ]
    assert len(set(tags)) == 4


def test_a_user_has_three_layers_and_the_global_layer_is_everybodys() -> None:
    chain = Owner.of(Layer.USER, "acme", "emp-001").chain
    assert [owner.layer for owner in chain] == [Layer.USER, Layer.TENANT, Layer.GLOBAL]
    assert chain[2] == Owner.of(Layer.GLOBAL, "globex", "emp-009")


LISTED = summary_of(a_creation().after, NOW)
summaries = st.lists(
    st.builds(
        lambda key, scope, minutes, tags: replace(
            LISTED,
            config_key=f"k{key}",
            scope=scope,
            tags=tuple(tags),
            updated_at=NOW + timedelta(minutes=minutes),
        ),
        st.integers(0, 50),
        st.sampled_from(Scope),
        st.integers(0, 3),
        st.lists(st.sampled_from("ab"), unique=True),
    ),
    unique_by=lambda summary: summary.config_key,
)
filters = st.builds(
    Filter,
    scope=st.none() | st.sampled_from(Scope),
    keyword=st.none() | st.sampled_from(["K1", "a", "zz"]),
    tags=st.sampled_from([(), ("a",), ("a", "b")]),
    start_at=st.none() | st.just(NOW + timedelta(minutes=1)),
    end_at=st.none() | st.just(NOW + timedelta(minutes=2)),
)


@given(summaries, filters, st.sampled_from(SortBy), st.sampled_from(Order), st.integers(1, 5))
def test_pages_together_show_everything_that_fits_once_and_in_order(
    given_summaries: list[Summary], wanted: Filter, sort: SortBy, order: Order, size: int
) -> None:
    first = listing(given_summaries, wanted, sort=sort, order=order, page=1, size=size)
    assert first.total is not None
    pages = -(-first.total // size)
    shown = [
        summary
        for number in range(1, pages + 1)
        for summary in listing(given_summaries, wanted, sort=sort, order=order, page=number, size=size).summaries
    ]
    assert sorted(c.config_key for c in shown) == sorted(c.config_key for c in given_summaries if wanted.fits(c))
    values = [getattr(summary, sort) for summary in shown]
    assert values == sorted(values, reverse=order is Order.DESC)
