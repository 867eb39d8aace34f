"""Defects in DynamoDB."""

from enghub.core import clock
from enghub.mes.defects.model import Defect, DefectDay, DefectType, SupplierScore
from enghub.mes.keeping.dynamo import aggregate

KINDS = (
    aggregate(
        DefectType,
        "DEFECT-TYPE",
        lambda one: (one.code,),
        shows=("name", "name_zh", "defect_class", "is_active"),
        lists=lambda one: ((("ALL",), (one.code,)),),
    ),
    aggregate(
        Defect,
        "DEFECT",
        lambda one: (one.defect_id,),
        shows=("work_order_id", "quantity", "types", "disposition", "disposed_by", "reference", "reversed_by"),
        lists=lambda one: (
            (("DISPOSITION", one.disposition.value), (clock.to_text(one.found_at), one.defect_id)),
            (("ORDER", one.work_order_id), (clock.to_text(one.found_at), one.defect_id)),
        ),
    ),
    aggregate(DefectDay, "DEFECT-DAY", lambda one: (one.day, one.line_id), shows=()),
    aggregate(SupplierScore, "SUPPLIER-SCORE", lambda one: (one.supplier_id,), shows=()),
)
