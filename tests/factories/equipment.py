"""Machines and those who maintain them: the mes functions driven by people who hold every right there."""

from typing import Any

from enghub.mes import rights
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, Floor

MACHINE = {"name": "Pick and place", "stationId": "ST-SMT-01", "serialNumber": "NXT-1"}
PLAN = {"equipmentId": "M-1", "name": "Service", "startsOn": "2026-03-31", "everyMonths": 1, "tasks": ["filters"]}
BASE = "/api/v1/plant"
PEOPLE = (*PERMISSIONS, *(one.name for one in (rights.READ_EQUIPMENT, rights.TELL_EQUIPMENT, rights.MAINTAIN)))


class Machines(Floor):
    """A floor with people of maintenance and one machine."""

    def __init__(self) -> None:
        super().__init__(a_principal(*PEOPLE))

    def change(self, method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        """Call the function that changes equipment."""
        return self.call("change_equipment", method, f"{BASE}/{path}", body)

    def made(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Return the data of a change that has to succeed."""
        status, answer = self.change(method, path, **body)
        assert status in (200, 201), answer
        data: dict[str, Any] = answer["data"]
        return data

    def look(self, path: str, **query: str) -> dict[str, Any]:
        """Return the data of what the reading function answers."""
        status, answer = self.call("read_equipment", "GET", f"{BASE}/{path}", query=query or None)
        assert status == 200, answer
        data: dict[str, Any] = answer["data"]
        return data

    def registered(self) -> None:
        """Describe the plant and machine M-1."""
        self.plant()
        self.made("PUT", "equipment/M-1", **MACHINE)
