"""Sets and reads the shares of two versions: a Lambda alias, weighted records of Route 53, a webhook (OPS-08).

AWS is called in the tenant's account, by a role that its secret names and that trusts this hub for the tenant alone
(``sts:ExternalId`` is the tenant). Every setting names both shares, so that the same one again changes nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.core.errors import EngHubError
from enghub.golive.traffic.errors import TrafficFailed
from enghub.golive.traffic.model import TTL, WHOLE, Adapter, Traffic
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused

JSON = {"Content-Type": "application/json"}
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrafficControl:
    """See ``ramps.repository.Control``. ``secret`` reads ``{"role": "arn:..."}`` or ``{"headers": {host: {...}}}``."""

    outbound: Outbound
    secret: Callable[[str, str], Mapping[str, Any]]

    def read(self, tenant_id: str, traffic: Traffic) -> int:
        """Ask for the share as it is set now."""
        match traffic.adapter:
            case Adapter.LAMBDA_ALIAS:
                found = self._safely(lambda: _alias_share(self._client("lambda", tenant_id, traffic), traffic))
            case Adapter.ROUTE53:
                found = self._safely(lambda: _record_share(self._client("route53", tenant_id, traffic), traffic))
            case Adapter.WEBHOOK:
                found = self._safely(lambda: self._told_share(tenant_id, traffic))
        if found.denominator != 1:
            raise TrafficFailed(f"the share is {float(found):.4g} %: set whole percents first")
        return int(found)

    def set(self, tenant_id: str, traffic: Traffic, percent: int) -> None:
        """Set both shares."""
        match traffic.adapter:
            case Adapter.LAMBDA_ALIAS:
                self._safely(lambda: _set_alias(self._client("lambda", tenant_id, traffic), traffic, percent))
            case Adapter.ROUTE53:
                self._safely(lambda: _set_records(self._client("route53", tenant_id, traffic), traffic, percent))
            case Adapter.WEBHOOK:
                self._safely(lambda: self._tell(tenant_id, traffic, percent))

    def _safely(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (ClientError, BotoCoreError, OutboundFailed, OutboundRefused, ValueError) as error:
            raise TrafficFailed(f"{type(error).__name__}: {error}"[:500]) from error
        except EngHubError as error:
            raise TrafficFailed(error.message("en")) from error

    def _client(self, service: str, tenant_id: str, traffic: Traffic) -> Any:
        role = str(self.secret(tenant_id, traffic.secret).get("role", ""))
        if not role:
            message = f"the secret {traffic.secret} has no role"
            raise ValueError(message)
        return aws.client_as(service, role, tenant_id)

    def _headers(self, tenant_id: str, traffic: Traffic) -> Mapping[str, Mapping[str, str]]:
        return self.secret(tenant_id, traffic.secret).get("headers", {}) if traffic.secret else {}

    def _told_share(self, tenant_id: str, traffic: Traffic) -> Fraction:
        answer = self.outbound.request("GET", traffic.url, bound=self._headers(tenant_id, traffic))
        if answer.status != 200:
            message = f"the webhook answers {answer.status}"
            raise ValueError(message)
        found = json.loads(answer.body, parse_float=Decimal)
        share = found.get("percent") if isinstance(found, dict) else None
        if isinstance(share, bool) or not isinstance(share, int | Decimal) or not 0 <= share <= WHOLE:
            message = f"the webhook tells no percent: {answer.text[:200]}"
            raise ValueError(message)
        return Fraction(share)

    def _tell(self, tenant_id: str, traffic: Traffic, percent: int) -> None:
        body = json.dumps({"percent": percent}).encode()
        bound = self._headers(tenant_id, traffic)
        answer = self.outbound.request("POST", traffic.url, headers=JSON, body=body, bound=bound)
        if not 200 <= answer.status < 300:
            message = f"the webhook answers {answer.status}: {answer.text[:200]}"
            raise ValueError(message)


def _alias_share(client: Any, traffic: Traffic) -> Fraction:
    found = client.get_alias(FunctionName=traffic.function, Name=traffic.alias)
    more = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    weights = {version: Fraction(str(weight)) for version, weight in more.items() if weight}
    weights[found["FunctionVersion"]] = 1 - sum(weights.values(), Fraction(0))
    if strangers := sorted(set(weights) - {traffic.old, traffic.new}):
        message = f"the alias has traffic on version {strangers[0]}, which is neither the old nor the new one"
        raise ValueError(message)
    return weights.get(traffic.new, Fraction(0)) * 100


def _set_alias(client: Any, traffic: Traffic, percent: int) -> None:
    _alias_share(client, traffic)  # an alias of other versions is not written over
    whole = traffic.new if percent == WHOLE else traffic.old
    more = {traffic.new: percent / 100} if 0 < percent < WHOLE else {}
    client.update_alias(
        FunctionName=traffic.function,
        Name=traffic.alias,
        FunctionVersion=whole,
        RoutingConfig={"AdditionalVersionWeights": more},
    )


def _records(client: Any, traffic: Traffic) -> tuple[Record, Record]:
    name = traffic.record.rstrip(".") + "."
    found = client.list_resource_record_sets(
        HostedZoneId=traffic.zone_id, StartRecordName=name, StartRecordType=traffic.record_type
    )["ResourceRecordSets"]
    same = [one for one in found if one["Name"] == name and one["Type"] == traffic.record_type]
    known = {one.get("SetIdentifier", ""): one for one in same if "Weight" in one}
    if strangers := [key for key, one in known.items() if key not in {traffic.old, traffic.new} and one["Weight"]]:
        message = f"the record {strangers[0]} of {name} has traffic, and is neither the old nor the new one"
        raise ValueError(message)
    if traffic.old not in known or traffic.new not in known:
        message = f"{name} needs weighted records {traffic.old} and {traffic.new}"
        raise ValueError(message)
    return known[traffic.old], known[traffic.new]


def _record_share(client: Any, traffic: Traffic) -> Fraction:
    old, new = _records(client, traffic)
    total = old["Weight"] + new["Weight"]
    if not total:
        message = "both records have the weight 0: Route 53 then answers with each as often"
        raise ValueError(message)
    return Fraction(new["Weight"] * 100, total)


def _set_records(client: Any, traffic: Traffic, percent: int) -> None:
    old, new = _records(client, traffic)
    changes = [
        {"Action": "UPSERT", "ResourceRecordSet": _weighted(one, weight)}
        for one, weight in ((old, WHOLE - percent), (new, percent))
    ]
    batch = {"Comment": f"ramp to {percent} %", "Changes": changes}
    client.change_resource_record_sets(HostedZoneId=traffic.zone_id, ChangeBatch=batch)


def _weighted(record: Record, weight: int) -> Record:
    """Return a record with another weight; names that are no aliases live 60 seconds in caches."""
    ttl = {} if "AliasTarget" in record else {"TTL": TTL}
    return {**record, **ttl, "Weight": weight}
