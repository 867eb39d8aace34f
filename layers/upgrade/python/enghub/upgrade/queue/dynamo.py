"""Slots and queue in DynamoDB: one item of slots per tenant, one item per waiting execution."""

from dataclasses import replace

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from enghub.core import audit
from enghub.core.commits import Commit, Kept, Link, audit_entry, subject
from enghub.core.dynamo import InstantAttribute, RawItem, Record, key
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.transactions import Delete, Put, Update, Write, absent, transact
from enghub.upgrade.queue.errors import QueueChanged
from enghub.upgrade.queue.model import ADMIT, DEFAULT_LIMIT, QueueMove, QueueState, Slots, Ticket

SLOTS_SK = "SLOTS"
AGGREGATE = "upgrade_queue"
AUDITED = subject(AGGREGATE, "", "limit")
"""Subject of a tenant's audit entries about its limit."""
EVERY_TENANT = "UPGRADE-SLOTS"
"""Index partition of all tenants' slots; only the sweep reads it (decision 0016)."""


class SlotsRecord(Record):
    """A tenant's slots; as many holders as the limit allows."""

    ENTITY = "UPGRADE_SLOTS"

    tenant_id = UnicodeAttribute()
    limit = NumberAttribute(null=True)
    """Only a limit of the tenant's own: another number of the stage holds for all other tenants at once."""
    holders = UnicodeSetAttribute(null=True)
    next_number = NumberAttribute(null=True)
    record_version = NumberAttribute()
    audit_sequence = NumberAttribute(null=True)
    audit_hash = UnicodeAttribute(null=True)


class TicketRecord(Record):
    """A waiting execution."""

    ENTITY = "UPGRADE_TICKET"

    number = NumberAttribute()
    execution_id = UnicodeAttribute()
    site_id = UnicodeAttribute()
    queued_at = InstantAttribute()


def _partition(tenant_id: str) -> str:
    return key("T", tenant_id, "UPGRADE-QUEUE")


def _ticket_keys(tenant_id: str, number: int) -> dict[str, str]:
    return {"pk": _partition(tenant_id), "sk": f"TICKET#{number:012d}"}


def _refusal(_: RawItem | None) -> Exception:
    return QueueChanged()


def _slots_write(tenant_id: str, slots: Slots, seen: int, link: Link) -> Put:
    record = SlotsRecord(
        pk=_partition(tenant_id),
        sk=SLOTS_SK,
        gsi2pk=EVERY_TENANT,
        gsi2sk=key(tenant_id),
        tenant_id=tenant_id,
        limit=slots.limit if slots.is_own else None,
        holders=set(slots.holders) or None,
        next_number=slots.next_number,
        record_version=seen + 1,
        audit_sequence=link.sequence or None,
        audit_hash=link.hash or None,
    )
    return Put(record, absent() if seen == 0 else SlotsRecord.record_version == seen, _refusal)


def move_writes(tenant_id: str, move: QueueMove) -> list[Write]:
    """Return the writes of a change that saw the slots."""
    writes: list[Write] = [_slots_write(tenant_id, move.slots, move.seen.revision, move.seen.link)]
    if move.joins is not None:
        ticket = move.joins
        record = TicketRecord(
            **_ticket_keys(tenant_id, ticket.number),
            number=ticket.number,
            execution_id=ticket.execution_id,
            site_id=ticket.site_id,
            queued_at=ticket.queued_at,
        )
        writes.append(Put(record, absent(), _refusal))
    if move.leaves is not None:
        writes.append(Delete(TicketRecord(**_ticket_keys(tenant_id, move.leaves)), Record.pk.exists(), _refusal))
    return writes


def giving_back(tenant_id: str, execution_id: str) -> Update:
    """Return the write that gives a slot back: never refused, harmless when repeated, and seen by who looks again."""
    record = SlotsRecord(pk=_partition(tenant_id), sk=SLOTS_SK)
    return Update(
        record,
        [
            SlotsRecord.holders.delete({execution_id}),
            SlotsRecord.record_version.add(1),
            SlotsRecord.entity.set(SlotsRecord.ENTITY),
            SlotsRecord.tenant_id.set(tenant_id),
            SlotsRecord.gsi2pk.set(EVERY_TENANT),
            SlotsRecord.gsi2sk.set(key(tenant_id)),
        ],
    )


class DynamoQueue:
    """The store of slots and queue; ``limit`` is that of tenants which set none."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit

    def line(self, tenant_id: str) -> QueueState:
        """One read of the slots, then one query of the queue: what came between fails at the slots' version."""
        record = SlotsRecord.read(_partition(tenant_id), SLOTS_SK)
        records = TicketRecord.items(_partition(tenant_id), prefix="TICKET#")
        tickets = tuple(Ticket(int(r.number), r.execution_id, r.site_id, r.queued_at) for r in records)
        return QueueState(Kept(Slots(self._limit), 0) if record is None else self._kept(record), tickets)

    def _kept(self, record: SlotsRecord) -> Kept[Slots]:
        slots = Slots(
            int(record.limit or self._limit),
            frozenset(record.holders or ()),
            int(record.next_number or 1),
            record.limit is not None,
        )
        link = Link(int(record.audit_sequence or 0), record.audit_hash or "")
        return Kept(slots, int(record.record_version), link)

    def set_limit(self, seen: Kept[Slots], limit: int | None, origin: Origin) -> None:
        """One transaction: slots, audit, command."""
        slots = replace(seen.value, limit=self._limit if limit is None else limit, is_own=limit is not None)
        before = {"limit": seen.value.limit if seen.value.is_own else None}
        entry = audit_entry(Commit(origin, "limited", slots, seen), AGGREGATE, AUDITED, before, {"limit": limit})
        command = to_command(ADMIT, {}, origin, subject=origin.tenant_id)
        transact(_slots_write(origin.tenant_id, slots, seen.revision, entry.link), audit.to_put(entry), command)

    def store(self, tenant_id: str, move: QueueMove) -> None:
        """One transaction."""
        transact(*move_writes(tenant_id, move))

    def tenants(self) -> tuple[str, ...]:
        """One query of the index."""
        return tuple(record.tenant_id for record in SlotsRecord.items(EVERY_TENANT, index="gsi2"))
