"""That somebody was told a secret, in the audit: each time is a subject of its own, named after the item."""

from collections.abc import Sequence

from enghub.core import audit, ids
from enghub.core.commits import AuditEntry, Link, subject
from enghub.core.identity import Origin
from enghub.core.observability import count
from enghub.core.transactions import transact
from enghub.settings.configs.revealing import Secret


class DynamoRevealLog:
    """See ``RevealLog``."""

    def revealed(self, secrets: Sequence[Secret], origin: Origin) -> None:
        """One write: the audit entries; counted as the metric ``SecretsRevealed``."""
        transact(*(audit.to_put(_entry(one, origin)) for one in secrets))
        count("SecretsRevealed", len(secrets))


def _entry(one: Secret, origin: Origin) -> AuditEntry:
    owner = one.address.owner
    identity = f"{owner.layer}/{owner.user_id or '-'}/{one.address.config_key}/{ids.new_id(origin.at)}"
    facts = {**one.address.facts(), "version": one.version}
    about = subject("config_secret", "", identity)
    return AuditEntry(origin, "config_secret.revealed", about, None, facts, Link())
