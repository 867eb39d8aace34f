"""Characteristics, samples and signals in DynamoDB."""

from enghub.core import clock
from enghub.mes.charts.model import Characteristic, Measurement, Signal, Tail
from enghub.mes.keeping.dynamo import aggregate, fact

KINDS = (
    aggregate(
        Characteristic,
        "CHARACTERISTIC",
        lambda one: (one.characteristic_id,),
        shows=(
            *("name", "product_id", "operation", "chart", "subgroup_size", "unit", "lower_limit", "upper_limit"),
            *("target", "rules", "ocap_plan_id", "phase", "phase_number", "limits"),
        ),
        lists=lambda one: (
            (("ALL",), (one.characteristic_id,)),
            (("PRODUCT", one.product_id), (one.characteristic_id,)),
        ),
    ),
    aggregate(Tail, "CHART-TAIL", lambda one: (one.characteristic_id,), shows=()),
    fact(
        Measurement,
        "SAMPLE",
        lambda one: (one.characteristic_id,),
        lambda one: (clock.to_text(one.taken_at), one.sample_id),
    ),
    fact(
        Signal,
        "SIGNAL",
        lambda one: (one.characteristic_id,),
        lambda one: (clock.to_text(one.taken_at), one.sample_id, one.chart, *one.rules),
    ),
)
