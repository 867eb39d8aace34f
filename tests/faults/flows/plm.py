"""Engineering changes: the webhook and the consumer of its command."""

import json
from typing import Any

from tests.factories.plm import a_notification, deliver, process, put_secrets
from tests.factories.stored import commands
from tests.faults.harness import Flow, register


def received() -> list[dict[str, Any]]:
    put_secrets()
    assert deliver(a_notification())[0] == 202
    return commands("process_change")


register(Flow("PLM notifies of a change", "plm", put_secrets, lambda _: deliver(a_notification()), also=200))
register(Flow("process a change", "plm", received, lambda told: [json.dumps(lost) for lost in process(*told)]))
