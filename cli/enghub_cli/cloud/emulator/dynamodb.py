"""Streams outlive a restart: the emulator keeps how far each consumer has read, but not what there is to read."""

from typing import Any

from ministack.services import dynamodb

KEPT = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}


def patch() -> None:
    """Store and load the records, and how many of each stream are gone, beside the tables."""
    get, load = dynamodb.get_state, dynamodb.load_persisted_state

    def state() -> dict[str, Any]:
        return {**get(), **KEPT}

    def loaded(stored: dict[str, Any]) -> None:
        load(stored)
        for name, kept in KEPT.items():
            kept.update(stored.get(name, {}))

    dynamodb.get_state, dynamodb.load_persisted_state = state, loaded
