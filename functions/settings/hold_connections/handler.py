"""Keeps who is connected, to be told of changes; who may not read settings is not connected (CFG-11).

Trigger: $connect and $disconnect of the WebSocket API of settings; the authorizer of all APIs stands before it.
Runbook: docs/runbooks/settings-clients.md.
"""

from enghub.core import entrypoints
from enghub.settings.push.connecting import answered

lambda_handler = entrypoints.task(answered)
