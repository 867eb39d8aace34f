"""What serves every context: the authorizer in front of the API."""

from aws_cdk import ArnFormat, Aws, CfnCondition, CfnParameter, Fn, Token
from constructs import Construct

from infra.constructs.context_stack import ContextStack
from infra.stacks.state import StateStack
from infra.stage import CORE, Stage


class CoreStack(ContextStack):
    """The authorizer: verifies the bearer token, turns roles into permissions, audits refusals in the core table.

    Parameters ``TokenIssuer``, ``TokenAudience`` and ``JwksUrl`` point it at another OIDC issuer than the user
    pool, or at other keys (the local cloud serves them on its own port).
    """

    has_outbox = False

    def __init__(self, scope: Construct, stage: Stage, state: StateStack) -> None:
        super().__init__(scope, CORE, stage, state)
        pool = state.user_pool.user_pool_id
        issuer = self._setting("TokenIssuer", f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}/{pool}")
        authorizer = self.function(
            "authorize",
            memory_mb=256,
            timeout_seconds=5,
            environment={
                "TOKEN_ISSUER": issuer,
                "TOKEN_AUDIENCE": self._setting("TokenAudience", state.client.user_pool_client_id),
                "JWKS_URL": self._setting("JwksUrl", f"{issuer}/.well-known/jwks.json"),
                # The pool's tokens do not say that a second factor was shown: it lets nobody in without.
                "ISSUER_DEMANDS_MFA": self._unless("TokenIssuer", "true" if stage.require_mfa else "false", "false"),
            },
        )
        self.table_access(authorizer, "PutItem")
        self.authorizer_arn = self.format_arn(
            service="lambda",
            resource="function",
            resource_name=stage.name_of(CORE, "authorize"),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        """By name, so that no export ties the contexts' stacks to this one."""

    def _setting(self, name: str, otherwise: str) -> str:
        """Return the value of the parameter ``name``, or ``otherwise`` where it is left empty."""
        parameter = CfnParameter(self, name, type="String", default="", description=f"Instead of the user pool: {name}")
        given = CfnCondition(
            self, f"{name}Given", expression=Fn.condition_not(Fn.condition_equals(parameter.value_as_string, ""))
        )
        return Token.as_string(Fn.condition_if(given.logical_id, parameter.value_as_string, otherwise))

    def _unless(self, name: str, value: str, otherwise: str) -> str:
        """Return ``value``, or ``otherwise`` where the parameter ``name`` is given."""
        return Token.as_string(Fn.condition_if(f"{name}Given", otherwise, value))
