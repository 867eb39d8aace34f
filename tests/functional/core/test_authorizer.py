"""Who gets in: one algorithm, issuer and audience, in time, with a known key; everybody else is refused and kept."""

import base64
import hashlib
import hmac
import importlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from enghub.core import audit, tokens
from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.identity import Principal
from tests.factories.http import Context

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER = "https://issuer.example/pool"
ARN = "arn:aws:execute-api:eu-central-1:123456789012:api1/local/POST/api/v1/production/report"


@pytest.fixture
def authorize(account: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    account("core", TOKEN_ISSUER=ISSUER, TOKEN_AUDIENCE="client-1", JWKS_URL="https://issuer.example/jwks.json")
    jwks = {"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "k1", "use": "sig", "alg": "RS256"}]}
    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", lambda _: jwks)
    tokens.forget()
    handler = importlib.import_module("functions.core.authorize.handler")

    def call(header: str) -> Any:
        return handler.lambda_handler(a_request_to_authorize({"Authorization": header} if header else {}), Context())

    return call


def a_request_to_authorize(headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "REQUEST",
        "methodArn": ARN,
        "httpMethod": "POST",
        "path": "/api/v1/production/report",
        "headers": headers,
        "requestContext": {"requestId": "req-1", "identity": {"sourceIp": "192.0.2.7"}},
    }


def a_token(
    key: Any = KEY,
    algorithm: str = "RS256",
    kid: str = "k1",
    *,
    expired: bool = False,
    tenant: Any = "acme",
    factories: str = "sh-01 bj-01",
    user: str = "emp-001",
    **changes: Any,
) -> str:
    now = system_clock()
    claims = {
        "iss": ISSUER,
        "aud": "client-1",
        "sub": "u-1",
        "iat": now - timedelta(hours=3 if expired else 0),
        "exp": now + timedelta(hours=-2 if expired else 1),
        "token_use": "id",
        "cognito:username": user,
        "custom:tenant_id": tenant,
        "custom:factories": factories,
        "cognito:groups": ["OPERATOR", "UNKNOWN_ROLE"],
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return "Bearer " + jwt.encode(present, key, algorithm=algorithm, headers={"kid": kid})


def test_a_good_token_becomes_a_caller(authorize: Callable[[str], Any]) -> None:
    answer = authorize(a_token())
    caller = Principal.from_context(answer["context"])
    assert (caller.user_id, caller.tenant_id, caller.factory_ids) == ("emp-001", "acme", ("sh-01", "bj-01"))
    assert "report:create" in caller.permissions
    assert "work_order:create" not in caller.permissions
    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", ARN.split("/POST", maxsplit=1)[0] + "/*")


PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def a_token_signed_with_the_public_key() -> str:
    """The confusion attack: HS256 with the RSA public key as its secret; made by hand, PyJWT refuses to."""

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = jwt.decode(a_token().split()[1], options={"verify_signature": False})
    signed = part({"alg": "HS256", "kid": "k1", "typ": "JWT"}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.new(PUBLIC_PEM, signed, hashlib.sha256).digest()).rstrip(b"=")
    return "Bearer " + (signed + b"." + signature).decode()


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="no header"),
        pytest.param("Bearer ", id="no token"),
        pytest.param("Bearer nonsense", id="nonsense"),
        pytest.param("Basic dXNlcjpwYXNz", id="another scheme"),
        pytest.param(a_token(key=OTHER_KEY), id="another key"),
        pytest.param(a_token(kid="k2"), id="unknown key id"),
        pytest.param(a_token(expired=True), id="expired"),
        pytest.param(a_token(iss="https://evil.example"), id="another issuer"),
        pytest.param(a_token(aud="client-2"), id="another audience"),
        pytest.param(a_token(exp=None), id="no expiry"),
        pytest.param(a_token(sub=None), id="no user"),
        pytest.param(a_token(token_use="access"), id="an access token"),
        pytest.param(a_token(tenant=None), id="no tenant"),
        pytest.param(a_token(tenant=""), id="an empty tenant"),
        pytest.param(a_token(tenant="a/b"), id="a tenant inside another"),
        pytest.param(a_token(tenant="a#b"), id="a tenant that ends its key"),
        pytest.param(a_token(tenant="a" * 65), id="a tenant too long"),
        pytest.param(a_token(tenant=7), id="a tenant that is no text"),
        pytest.param(a_token(factories="sh-01 ../bj-01"), id="a factory that is none"),
        pytest.param(a_token(user="emp 001"), id="a user with a blank"),
        pytest.param(a_token(user="u" * 129), id="a user too long"),
        pytest.param(a_token(key="secret-of-at-least-thirty-two-bytes!", algorithm="HS256"), id="HS256"),
        pytest.param(a_token(key="", algorithm="none"), id="algorithm none"),
        pytest.param(a_token_signed_with_the_public_key(), id="signed with the public key"),
        pytest.param(a_token(algorithm="RS512"), id="RS512"),
        pytest.param(a_token(algorithm="PS256"), id="PS256"),
    ],
)
def test_every_other_token_is_refused_and_kept_in_the_audit(authorize: Callable[[str], Any], header: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(header)
    (refusal,) = audit.refusals("-", system_clock().strftime("%Y-%m-%d"))
    assert (refusal.error, refusal.method, refusal.path) == ("UNAUTHENTICATED", "POST", "/api/v1/production/report")
    assert (refusal.request_id, refusal.source_ip) == ("req-1", "192.0.2.7")


def test_the_token_itself_is_never_logged(authorize: Callable[[str], Any], capsys: pytest.CaptureFixture[str]) -> None:
    token = a_token()
    authorize(token)
    assert token.split(".")[1] not in capsys.readouterr().out


def test_a_flood_of_refusals_fills_no_table(authorize: Callable[[str], Any]) -> None:
    for _ in range(100):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize("Bearer nonsense")
    (refusal,) = audit.refusals("-", system_clock().strftime("%Y-%m-%d"))
    assert refusal.times == 64


def test_made_up_key_ids_do_not_ask_the_issuer_again(
    authorize: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    authorize(a_token())
    asked: list[int] = []
    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", lambda _: asked.append(1))
    for number in range(20):
        with pytest.raises(Exception, match=r"^Unauthorized$"):
            authorize(a_token(kid=f"made-up-{number}"))
    authorize(a_token())
    assert asked == []


def away(_: Any) -> Any:
    raise jwt.PyJWKClientConnectionError


def a_page(_: Any) -> Any:
    return json.loads("<html>")


@pytest.mark.parametrize("answer", [away, a_page, lambda _: {"keys": []}, lambda _: []])
def test_known_keys_hold_while_the_issuer_does_not_answer_and_nobody_waits_for_it(
    answer: Callable[[Any], Any], authorize: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    authorize(a_token())
    tokens._sets.update({url: tokens._Keys(known.by_id) for url, known in tokens._sets.items()})
    asked: list[int] = []

    def fetched(client: Any) -> Any:
        asked.append(1)
        return answer(client)

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", fetched)
    assert [authorize(a_token())["principalId"] for _ in range(3)] == ["emp-001"] * 3
    assert asked == [1]


@pytest.mark.parametrize("answer", [away, a_page, lambda _: {"keys": []}])
def test_an_issuer_that_does_not_answer_is_no_fault_of_the_caller(
    answer: Callable[[Any], Any], authorize: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", answer)
    with pytest.raises(Unavailable):
        authorize(a_token())
