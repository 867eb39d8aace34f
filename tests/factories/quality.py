"""Quality, stock, planning: the mes functions driven by people who hold every right there."""

from typing import Any

from enghub.mes import rights
from tests.factories.http import a_principal
from tests.factories.mes import PERMISSIONS, Floor

QUALITY = (
    *PERMISSIONS,
    *(right.name for right in (rights.READ_QUALITY, rights.INSPECT, rights.MANAGE_QUALITY)),
    *(right.name for right in (rights.READ_STOCK, rights.MOVE_STOCK, rights.HOLD_LOT)),
    *(right.name for right in (rights.PLAN, rights.READ_PLANNING)),
)
QUALITY_EVENTS = {
    *("ChartSignalled", "InspectionOpened", "InspectionDecided", "YieldLow", "OcapStarted", "OcapClosed"),
    *("LotHeld", "LotReleased", "StockChanged", "StockReceiptSuggested"),
}
"""What quality and stock publish; made and compared with its schemas in tests/contract/mes/test_quality_events.py."""
CHARACTERISTIC: dict[str, Any] = {
    "name": "Bore diameter",
    "productId": "PROD-A001",
    "chart": "I_MR",
    "unit": "mm",
    "lowerLimit": 9.7,
    "upperLimit": 10.3,
    "rules": "WESTERN_ELECTRIC",
}
BORE = "/api/v1/spc/characteristics/BORE"


class Quality(Floor):
    """A floor with people of quality."""

    def __init__(self) -> None:
        super().__init__(a_principal(*QUALITY))

    def change(self, method: str, path: str, body: Any, key: str | None = None) -> tuple[int, dict[str, Any]]:
        """Call the function that changes quality; ``key`` is an Idempotency-Key."""
        return self.call("change_quality", method, path, body, headers={"Idempotency-Key": key} if key else None)

    def look(self, path: str, **query: str) -> dict[str, Any]:
        """Return the data of what the reading function answers."""
        status, body = self.call("read_quality", "GET", path, query=query or None)
        assert status == 200, body
        data: dict[str, Any] = body["data"]
        return data

    def define(self, **fields: Any) -> dict[str, Any]:
        """Define the bore's characteristic."""
        body = {name: value for name, value in {**CHARACTERISTIC, **fields}.items() if value is not None}
        status, answer = self.change("PUT", BORE, body)
        assert status == 200, answer
        data: dict[str, Any] = answer["data"]
        return data

    def sample(self, number: int, *values: float, key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Record a sample taken in minute ``number`` of an hour before now."""
        body = {"takenAt": f"2026-03-02T{6 + number // 60:02}:{number % 60:02}:00Z", "values": list(values), **fields}
        status, answer = self.change("POST", f"{BORE}/samples", body, key)
        assert status == 201, answer
        data: dict[str, Any] = answer["data"]
        return data

    def monitored(self) -> None:
        """Take a baseline with mean 10 and put its limits into force: moving ranges 0.1, sigma 0.088652."""
        self.define()
        for number in range(20):
            self.sample(number, 10.05 if number % 2 else 9.95)
        window = {"version": 1, "from": "2026-03-02T06:00:00Z", "to": "2026-03-02T06:30:00Z"}
        status, answer = self.change("POST", f"{BORE}/phases", window)
        assert status == 200, answer

    def inspected(self, number: str = "IQC-1", **fields: Any) -> dict[str, Any]:
        """Open an inspection order of a lot of 300."""
        body = {"inspectionId": number, "kind": "IQC", "partId": "MAT-1", "lotSize": 300, "lotId": "LOT-1", **fields}
        status, answer = self.call("change_inspections", "POST", "/api/v1/inspections", body)
        assert status == 201, answer
        data: dict[str, Any] = answer["data"]
        return data
