"""What the stages' data promises."""

from infra.stage import STAGES


def test_only_the_local_stage_lets_addresses_of_people_lead_to_its_own_machine() -> None:
    assert [name for name, stage in STAGES.items() if stage.outbound_loopback] == ["local"]
    assert STAGES["local"].outbound == {"OUTBOUND_LOOPBACK": "true"}
    assert STAGES["prod"].outbound == {}
