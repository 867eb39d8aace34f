"""Where the API of upgrades lies."""

BASE = "/api/v1/upgrade"
