"""When a workflow goes on in a fresh execution: before the history of this one is full."""

from typing import Final

FULL: Final = 20_000
"""Events; an execution may have 25,000 (Step Functions quotas).

The state machines count them as they go: ten for a loop (task, choice, wait), four more for each try that failed. What
comes after, the hand-over with its own retries, has 5,000 left.
"""
EVENTS_OF_A_LOOP: Final = 10
EVENTS_OF_A_FAILED_TRY: Final = 4
