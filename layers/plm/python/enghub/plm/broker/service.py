"""The use case of a broker's messages: into a run of the same pipeline as everything else (PLM-25).

A message is taken once what it holds waits for the run; only then it is acknowledged. One that cannot be read is a
rejection of the run, by its name, and never comes back: it holds up nobody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from enghub.core.clock import Clock
from enghub.core.commits import Commit
from enghub.core.identity import Origin
from enghub.plm.broker.model import MOST_BYTES, BrokerMessage, Received, run_id
from enghub.plm.exchange.model import Entry, FileRefused
from enghub.plm.exchange.reading import json_records
from enghub.plm.exchange.repository import Bucket
from enghub.plm.exchange.service import held_of, keep_parts
from enghub.plm.syncs.model import BatchType, Mode, SyncRun, Trigger
from enghub.plm.syncs.repository import SyncRuns
from enghub.plm.syncs.service import to_launch

WORKER = "system:broker"


@dataclass(frozen=True, slots=True)
class Receiving:
    """Takes messages of brokers."""

    runs: SyncRuns
    bucket: Bucket
    clock: Clock
    admit: Callable[[str, str, int], None]
    """Counts messages of a tenant's connection; raises RateLimited where they are too many."""

    def take(self, connection: str, origin: Origin, messages: Sequence[BrokerMessage]) -> Received:
        """Take messages of a connection, all or none; the same ones again are the same run.

        Raises:
            RateLimited: the connection has used up its minute; nothing was done.
            Unavailable: a store does not answer; repeating is safe.
        """
        self.admit(origin.tenant_id, connection, len(messages))
        identifier = run_id(connection, messages)
        entries = [entry for one in messages for entry in entries_of(one)]
        unreadable = sum(entry.problem is not None for entry in entries)
        received = Received(identifier, len(messages), len(entries), unreadable)
        if self.runs.get(origin.tenant_id, identifier) is not None:
            return received
        run = SyncRun(
            tenant_id=origin.tenant_id,
            factory_id=origin.factory_id,
            run_id=identifier,
            connection=connection,
            mode=Mode.INCREMENTAL,
            batch_type=BatchType.MEDIUM,
            trigger=Trigger.BROKER,
            requested_by=origin.user_id,
            requested_at=self.clock(),
        )
        keep_parts(self.bucket, run, (held_of(entry) for entry in entries))
        self.runs.request(Commit(origin, "requested", run, commands=(to_launch(run),)))
        return received


def entries_of(message: BrokerMessage) -> Iterator[Entry]:
    """Yield the records of a message; one that cannot be read is one entry with its problem."""
    place = f"message {message.message_id}"
    if len(message.body) > MOST_BYTES:
        yield Entry(place, {}, ("TOO_LONG", "", str(MOST_BYTES)))
        return
    try:
        found = list(json_records(message.body.decode("utf-8")))
    except UnicodeDecodeError as error:
        yield Entry(place, {}, ("UNREADABLE", "", f"it is not UTF-8: byte {error.start + 1}"))
        return
    except FileRefused as error:
        yield Entry(place, {}, ("UNREADABLE", "", f"{error.place}: {error}"[:100]))
        return
    if not found:
        yield Entry(place, {}, ("UNREADABLE", "", "it is empty"))
    for entry in found:
        yield Entry(place if len(found) == 1 else f"{place}, {entry.place}", entry.record, entry.problem)
