"""What a tenant has said about notices, in DynamoDB: one partition per tenant, read whole by one Query.

pk T#<tenant>#NOTICES   sk RULE#<id>, CHANNEL#<id>, CONTACT#<user>, TEMPLATE#<type>
"""

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.dynamo import each, key
from enghub.core.setup.dynamo import DynamoSetup
from enghub.notices.channels.model import Channel
from enghub.notices.contacts.model import Contact
from enghub.notices.deliveries.planning import Settings
from enghub.notices.rules.model import Rule
from enghub.notices.templates.model import Template


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "NOTICES")


def _key(tenant_id: str, kind: str, name: str) -> Key:
    return _partition(tenant_id), key(kind, name)


RULES = Aggregate(
    Rule,
    "NOTICE_RULE",
    key=lambda rule: _key(rule.tenant_id, "RULE", rule.rule_id),
    name="notice_rule",
    identity=lambda rule: rule.rule_id,
    shows=(
        *("name", "notice_types", "channels", "roles", "users", "emails", "factories", "least", "digest", "per_hour"),
        *("is_active", "is_deleted"),
    ),
)
CHANNELS = Aggregate(
    Channel,
    "NOTICE_CHANNEL",
    key=lambda channel: _key(channel.tenant_id, "CHANNEL", channel.channel_id),
    name="notice_channel",
    identity=lambda channel: channel.channel_id,
    shows=("name", "kind", "reads", "per_minute", "topic_arn", "is_active", "is_deleted"),
)
CONTACTS = Aggregate(
    Contact,
    "NOTICE_CONTACT",
    key=lambda contact: _key(contact.tenant_id, "CONTACT", contact.user_id),
    name="notice_contact",
    identity=lambda contact: contact.user_id,
    shows=("name", "email", "roles", "factories", "reads", "zone", "quiet", "is_deleted"),
)
TEMPLATES = Aggregate(
    Template,
    "NOTICE_TEMPLATE",
    key=lambda template: _key(template.tenant_id, "TEMPLATE", template.notice_type),
    name="notice_template",
    identity=lambda template: template.notice_type,
    shows=("subject", "body", "html", "is_deleted"),
)


def rules() -> DynamoSetup[Rule]:
    """Return the store of rules."""
    return DynamoSetup(RULES, _partition, "RULE")


def channels() -> DynamoSetup[Channel]:
    """Return the store of channels."""
    return DynamoSetup(CHANNELS, _partition, "CHANNEL")


def contacts() -> DynamoSetup[Contact]:
    """Return the store of contacts."""
    return DynamoSetup(CONTACTS, _partition, "CONTACT")


def templates() -> DynamoSetup[Template]:
    """Return the store of templates."""
    return DynamoSetup(TEMPLATES, _partition, "TEMPLATE")


def settings_of(tenant_id: str) -> Settings:
    """Return all that decides who hears what; one Query."""
    found: dict[str, list[object]] = {kind.entity: [] for kind in (RULES, CHANNELS, CONTACTS)}
    readers = {kind.entity: kind.value for kind in (RULES, CHANNELS, CONTACTS)}
    for item in each(_partition(tenant_id)):
        entity = item["entity"]["S"]
        if entity in readers:
            found[entity].append(readers[entity](item))
    rules = [rule for rule in found["NOTICE_RULE"] if isinstance(rule, Rule) and not rule.is_deleted]
    people = [one for one in found["NOTICE_CONTACT"] if isinstance(one, Contact) and not one.is_deleted]
    channels = [one for one in found["NOTICE_CHANNEL"] if isinstance(one, Channel) and not one.is_deleted]
    return Settings(tenant_id, rules, people, {channel.channel_id: channel for channel in channels})
