"""Users of the local cloud: made on demand, to get their tokens."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from enghub_cli.cloud.aws import client
from enghub_cli.errors import Stop


@dataclass(frozen=True, slots=True)
class Pool:
    """The user pool of a deployed application."""

    endpoint: str
    pool_id: str
    client_id: str


def token(pool: Pool, *, tenant: str, factories: Sequence[str], user: str, roles: Sequence[str]) -> str:
    """Return an ID token of ``user``, who is created, or changed to be of this tenant with exactly these roles.

    Raises:
        Stop: a role is unknown; the text lists the known ones.
    """
    service, pool_id = client("cognito-idp", pool.endpoint), pool.pool_id
    known = {group["GroupName"] for group in service.list_groups(UserPoolId=pool_id, Limit=60)["Groups"]}
    if unknown := sorted(set(roles) - known):
        message = f"Unknown role {', '.join(unknown)}: use {', '.join(sorted(known))}"
        raise Stop(message)
    attributes = [
        {"Name": "custom:tenant_id", "Value": tenant},
        {"Name": "custom:factories", "Value": " ".join(factories)},
    ]
    with suppress(service.exceptions.UsernameExistsException):
        service.admin_create_user(UserPoolId=pool_id, Username=user, MessageAction="SUPPRESS")
    service.admin_update_user_attributes(UserPoolId=pool_id, Username=user, UserAttributes=attributes)
    had = {
        group["GroupName"] for group in service.admin_list_groups_for_user(UserPoolId=pool_id, Username=user)["Groups"]
    }
    for role in had - set(roles):
        service.admin_remove_user_from_group(UserPoolId=pool_id, Username=user, GroupName=role)
    for role in set(roles) - had:
        service.admin_add_user_to_group(UserPoolId=pool_id, Username=user, GroupName=role)
    password = f"{secrets.token_urlsafe(24)}aA1!"
    service.admin_set_user_password(UserPoolId=pool_id, Username=user, Password=password, Permanent=True)
    answer = service.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=pool.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": password},
    )
    id_token: str = answer["AuthenticationResult"]["IdToken"]
    return id_token
