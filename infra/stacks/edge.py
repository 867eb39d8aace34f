"""What stands in front of all APIs of a stage: the firewall, and the one address that sends each path to its API."""

from collections.abc import Mapping

from aws_cdk import CfnCondition, CfnOutput, CfnParameter, DefaultStackSynthesizer, Environment, Fn, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.constructs.api import stage_arn
from infra.stage import EVERYTHING, PREFIXES, Stage

PRIORITY_STEP = 10
LAST_PRIORITY = 1_000_000
MANAGED_RULES = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")


class EdgeStack(Stack):
    """Deployed last, because it names the APIs of all contexts; decision 0039 says why routing rules."""

    def __init__(self, scope: Construct, stage: Stage, apis: Mapping[str, apigateway.SpecRestApi]) -> None:
        super().__init__(
            scope,
            stage.name_of("edge"),
            env=Environment(account=stage.account, region=stage.region),
            description=f"EngHub {stage.name}: firewall and address of the APIs",
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
            termination_protection=stage.retain,
        )
        self.stage = stage
        self._firewall(apis)
        if stage.domain:
            self._address(apis)

    def _address(self, apis: Mapping[str, apigateway.SpecRestApi]) -> None:
        domain = apigatewayv2.CfnDomainName(
            self,
            "Domain",
            domain_name=self.stage.domain,
            domain_name_configurations=[
                apigatewayv2.CfnDomainName.DomainNameConfigurationProperty(
                    certificate_arn=self.stage.certificate_arn, endpoint_type="REGIONAL", security_policy="TLS_1_2"
                )
            ],
            routing_mode="ROUTING_RULE_ONLY",
        )
        prefixes = sorted((prefix, apis[context]) for context in apis for prefix in PREFIXES[context])
        for place, (prefix, api) in enumerate(prefixes, start=1):
            self._rule(domain, place * PRIORITY_STEP, prefix, api)
        self._rule(domain, LAST_PRIORITY, EVERYTHING, prefixes[0][1])
        CfnOutput(self, "Address", value=f"https://{self.stage.domain}")
        CfnOutput(self, "AliasTarget", value=domain.attr_regional_domain_name, description="What DNS has to point to")
        CfnOutput(self, "AliasZone", value=domain.attr_regional_hosted_zone_id)

    def _rule(
        self, domain: apigatewayv2.CfnDomainName, priority: int, prefix: str, api: apigateway.SpecRestApi
    ) -> None:
        rule = apigatewayv2.CfnRoutingRule
        rule(
            self,
            f"Rule {prefix.replace('/', '-')}",
            domain_name_arn=domain.attr_domain_name_arn,
            priority=priority,
            conditions=[rule.ConditionProperty(match_base_paths=rule.MatchBasePathsProperty(any_of=[prefix]))],
            actions=[
                rule.ActionProperty(
                    invoke_api=rule.ActionInvokeApiProperty(
                        api_id=api.rest_api_id, stage=self.stage.name, strip_base_path=False
                    )
                )
            ],
        )

    def _firewall(self, apis: Mapping[str, apigateway.SpecRestApi]) -> None:
        """Put the managed firewall in front, on AWS; the emulator knows neither the rules nor the association."""
        target = CfnParameter(self, "Target", type="String", default="aws", allowed_values=["aws", "local"])
        on_aws = CfnCondition(self, "OnAws", expression=Fn.condition_equals(target.value_as_string, "aws"))
        visible = {"cloud_watch_metrics_enabled": True, "sampled_requests_enabled": True}
        rules = [
            wafv2.CfnWebACL.RuleProperty(
                name=name,
                priority=priority,
                override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
                statement=wafv2.CfnWebACL.StatementProperty(
                    managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                        vendor_name="AWS", name=name
                    )
                ),
                visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(metric_name=name, **visible),
            )
            for priority, name in enumerate(MANAGED_RULES)
        ]
        acl = wafv2.CfnWebACL(
            self,
            "Firewall",
            name=self.stage.name_of(),
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=wafv2.CfnWebACL.VisibilityConfigProperty(metric_name=self.stage.name_of(), **visible),
        )
        acl.cfn_options.condition = on_aws
        for context, api in apis.items():
            name, arn = f"FirewallAssociation {context}", stage_arn(self, api, self.stage)
            association = wafv2.CfnWebACLAssociation(self, name, resource_arn=arn, web_acl_arn=acl.attr_arn)
            association.cfn_options.condition = on_aws
