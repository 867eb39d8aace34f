"""The five phases of APQP with their deliverables (PLM-13). Data.

Source: AIAG APQP manual, second edition, outputs of each section; the edition is in the data. Codes are ours.
"""

from collections.abc import Mapping
from enum import IntEnum

from enghub.plm.apqp.errors import UnknownPlmPhase

EDITION = "AIAG APQP, 2nd edition"


class Phase(IntEnum):
    """A phase by its number."""

    PLAN = 1
    PRODUCT_DESIGN = 2
    PROCESS_DESIGN = 3
    VALIDATION = 4
    FEEDBACK = 5

    @classmethod
    def of_plm(cls, code: str) -> "Phase":
        """Return the phase of a code of the PLM: ``PLM_PHASE_1`` to ``PLM_PHASE_5``.

        Raises:
            UnknownPlmPhase
        """
        if code not in PLM_CODES:
            raise UnknownPlmPhase(field="phase", code=code)
        return PLM_CODES[code]

    @property
    def plm_code(self) -> str:
        """The PLM's code."""
        return f"PLM_PHASE_{self.value}"


PLM_CODES: Mapping[str, Phase] = {phase.plm_code: phase for phase in Phase}
NAMES: Mapping[Phase, tuple[str, str]] = {
    Phase.PLAN: ("Plan and define", "计划和定义"),
    Phase.PRODUCT_DESIGN: ("Product design and development", "产品设计和开发"),
    Phase.PROCESS_DESIGN: ("Process design and development", "过程设计和开发"),
    Phase.VALIDATION: ("Product and process validation", "产品和过程确认"),
    Phase.FEEDBACK: ("Feedback, assessment and corrective action", "反馈评定和纠正措施"),
}
PPAP = "PPAP"
"""The deliverable that follows the project's PPAP."""
OUTPUTS: Mapping[Phase, Mapping[str, str]] = {
    Phase.PLAN: {
        "DESIGN-GOALS": "Design goals",
        "QUALITY-GOALS": "Reliability and quality goals",
        "PRELIM-BOM": "Preliminary bill of material",
        "PRELIM-FLOW": "Preliminary process flow chart",
        "PRELIM-CHARACTERISTICS": "Preliminary listing of special product and process characteristics",
        "ASSURANCE-PLAN": "Product assurance plan",
        "SUPPORT-1": "Management support",
    },
    Phase.PRODUCT_DESIGN: {
        "DFMEA": "Design failure mode and effects analysis",
        "DFMA": "Design for manufacturability and assembly",
        "DESIGN-VERIFICATION": "Design verification",
        "DESIGN-REVIEWS": "Design reviews",
        "PROTOTYPE-PLAN": "Prototype build: control plan",
        "DRAWINGS": "Engineering drawings",
        "ENGINEERING-SPECS": "Engineering specifications",
        "MATERIAL-SPECS": "Material specifications",
        "SPEC-CHANGES": "Drawing and specification changes",
        "EQUIPMENT": "New equipment, tooling and facilities requirements",
        "CHARACTERISTICS": "Special product and process characteristics",
        "GAGES": "Gages and testing equipment requirements",
        "FEASIBILITY": "Team feasibility commitment and management support",
    },
    Phase.PROCESS_DESIGN: {
        "PACKAGING": "Packaging standards and specifications",
        "SYSTEM-REVIEW": "Product and process quality system review",
        "FLOW": "Process flow chart",
        "FLOOR-PLAN": "Floor plan layout",
        "MATRIX": "Characteristics matrix",
        "PFMEA": "Process failure mode and effects analysis",
        "PRELAUNCH-PLAN": "Pre-launch control plan",
        "INSTRUCTIONS": "Process instructions",
        "MSA-PLAN": "Measurement systems analysis plan",
        "CAPABILITY-PLAN": "Preliminary process capability study plan",
        "SUPPORT-3": "Management support",
    },
    Phase.VALIDATION: {
        "PRODUCTION-RUN": "Significant production run",
        "MSA": "Measurement systems evaluation",
        "CAPABILITY": "Preliminary process capability study",
        PPAP: "Production part approval",
        "VALIDATION-TESTS": "Production validation testing",
        "PACKAGING-EVALUATION": "Packaging evaluation",
        "CONTROL-PLAN": "Production control plan",
        "SIGN-OFF": "Quality planning sign-off and management support",
    },
    Phase.FEEDBACK: {
        "VARIATION": "Reduced variation",
        "SATISFACTION": "Improved customer satisfaction",
        "DELIVERY": "Improved delivery and service",
        "LESSONS": "Lessons learned and best practices",
    },
}
