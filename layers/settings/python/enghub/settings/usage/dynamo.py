"""Evaluations by day, and the sample of contexts, in DynamoDB.

Day       pk T#<tenant>#FLAG-USE#<environment>#<key>   sk <day>     counts by variant, for 400 days
Last      pk T#<tenant>#FLAG-USED#<environment>        sk <key>     the last day, one item per flag
Sample    pk T#<tenant>#FLAG-SEEN#<environment>        sk <slot>    for a week; tenant * for all tenants together
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from enghub.core.aggregates import Items
from enghub.core.codec import Layout
from enghub.core.dynamo import Attr, each, key
from enghub.core.strictjson import parse_json
from enghub.core.transactions import Update, Write, transact
from enghub.settings.flags.model import EVERY_TENANT, Environment
from enghub.settings.usage.model import KEPT_COUNTS, KEPT_SAMPLE, Counted, Day, Seen

PER_CALL = 90
"""Writes of one transaction."""
VARIANT = "variant."


def _sample_partition(tenant_id: str, environment: Environment) -> str:
    return key("T", tenant_id, "FLAG-SEEN", environment)


SEEN = Items(
    Seen,
    "FLAG_SEEN",
    layout=Layout(forms={"context": (lambda one: json.dumps(one, ensure_ascii=False), parse_json)}),
    more=lambda seen: {"expires_at": int((seen.seen_at + KEPT_SAMPLE).timestamp())},
)


class DynamoUsage:
    """See ``UsageRepository``."""

    def add(self, counted: Iterable[Counted], seen: Iterable[Seen], at: datetime) -> None:
        """A transaction for each 45 flags."""
        writes = [*(write for one in counted for write in _counts(one, at)), *_samples(seen)]
        for start in range(0, len(writes), PER_CALL):
            transact(*writes[start : start + PER_CALL])

    def days(self, tenant_id: str, environment: Environment, flag_key: str, since: str, until: str) -> list[Day]:
        """One Query."""
        found = each(key("T", tenant_id, "FLAG-USE", environment, flag_key), between=(since, until))
        return [
            Day(
                flag_key,
                item["sk"]["S"],
                {n.removeprefix(VARIANT): int(v["N"]) for n, v in item.items() if n.startswith(VARIANT)},
            )
            for item in found
        ]

    def last_days(self, tenant_id: str, environment: Environment) -> Mapping[str, str]:
        """One Query: as many items as flags were ever asked for."""
        found = each(key("T", tenant_id, "FLAG-USED", environment))
        return {item["sk"]["S"]: item["day"]["S"] for item in found}

    def sample(self, tenant_id: str, environment: Environment) -> list[Seen]:
        """One Query of 200 items at most."""
        return list(SEEN.each(_sample_partition(tenant_id, environment)))


def _counts(counted: Counted, at: datetime) -> Iterator[Write]:
    day = f"{at:%Y-%m-%d}"
    ends = int((at + KEPT_COUNTS).timestamp())
    for flag_key, variants in sorted(counted.counts.items()):
        place = key("T", counted.tenant_id, "FLAG-USE", counted.environment, flag_key), day
        adds = [Attr(f"{VARIANT}{variant}").add(number) for variant, number in variants.items()]
        yield Update(place, [*adds, Attr("entity").set("FLAG_USE"), Attr("expires_at").set(ends)])
        last = key("T", counted.tenant_id, "FLAG-USED", counted.environment), flag_key
        yield Update(last, [Attr("day").set(day), Attr("entity").set("FLAG_USED"), Attr("expires_at").set(ends)])


def _samples(seen: Iterable[Seen]) -> Iterator[Write]:
    """One per place: two of one slot cannot be written in one transaction."""
    places = {
        (_sample_partition(tenant_id, one.environment), f"{one.slot:03d}"): one
        for one in seen
        for tenant_id in (one.tenant_id, EVERY_TENANT)
    }
    yield from (SEEN.put(one, at=place) for place, one in places.items())
