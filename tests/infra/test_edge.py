"""One address: each prefix leads to its context's API, path unchanged, and the firewall stands before each API."""

from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App

from infra.app import build
from infra.rules import resources
from infra.sources import Sources
from infra.stage import CONTEXTS, EVERYTHING, PREFIXES, STAGES
from tests.infra.conftest import Assembly

pytestmark = pytest.mark.xdist_group("infra")


def rules(assembly: Assembly) -> list[tuple[int, str, dict[str, Any]]]:
    """Return priority, base path and target of each rule, the first to be tried first."""
    found = [rule for _, rule in resources(assembly.templates["enghub-prod-edge"], "ApiGatewayV2::RoutingRule")]
    return sorted(
        (rule["Priority"], rule["Conditions"][0]["MatchBasePaths"]["AnyOf"][0], rule["Actions"][0]["InvokeApi"])
        for rule in found
    )


def test_each_prefix_leads_to_its_contexts_api_and_keeps_the_path(assembly: Assembly) -> None:
    targets = {base: target for _, base, target in rules(assembly)}
    for context in CONTEXTS:
        for prefix in PREFIXES[context]:
            assert f"enghub-prod-{context}:" in str(targets[prefix]["ApiId"]), prefix
            assert (targets[prefix]["Stage"], targets[prefix]["StripBasePath"]) == ("prod", False)


def test_what_lies_under_no_prefix_is_tried_last_and_reaches_an_api(assembly: Assembly) -> None:
    priorities = [priority for priority, _, _ in rules(assembly)]
    assert len(set(priorities)) == len(priorities)
    assert rules(assembly)[-1][:2] == (1_000_000, EVERYTHING)


def test_the_domain_routes_by_rules_alone_over_current_tls(assembly: Assembly) -> None:
    ((_, domain),) = resources(assembly.templates["enghub-prod-edge"], "ApiGatewayV2::DomainName")
    (configuration,) = domain["DomainNameConfigurations"]
    assert domain["RoutingMode"] == "ROUTING_RULE_ONLY"
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")


def test_the_firewall_stands_before_every_api(assembly: Assembly) -> None:
    edge = assembly.templates["enghub-prod-edge"]
    guarded = str([part["ResourceArn"] for _, part in resources(edge, "WAFv2::WebACLAssociation")])
    apis = [name for name, t in assembly.templates.items() if any(resources(t, "ApiGateway::RestApi"))]
    assert len(apis) == len(CONTEXTS)
    assert [name for name in apis if f"{name}:" not in guarded] == []


def test_every_api_has_an_address_of_its_own_too(assembly: Assembly) -> None:
    for context in CONTEXTS:
        assert {"ApiId", "ApiUrl"} <= assembly.templates[f"enghub-prod-{context}"]["Outputs"].keys()


def test_the_accounts_log_role_is_complete_protected_and_the_same_for_all_stages(assembly: Assembly) -> None:
    account = assembly.templates["enghub-account"]
    ((role_id, role),) = resources(account, "IAM::Role")
    ((_, setting),) = resources(account, "ApiGateway::Account")
    assert setting["CloudWatchRoleArn"] == {"Fn::GetAtt": [role_id, "Arn"]}
    assert role["Policies"], "inside the role: whoever names the role has its permissions, too"
    assert {part["DeletionPolicy"] for part in account["Resources"].values()} == {"RetainExceptOnCreate"}
    assert "prod" not in str(account)


def test_a_stage_that_keeps_its_data_must_alarm_somebody() -> None:
    with pytest.raises(SystemExit, match="Stage prod alarms nobody"):
        build(App(), replace(STAGES["prod"], alarm_emails=()), Sources())
