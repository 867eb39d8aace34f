"""BOM lines of part lists and of products, through the functions to the BOM engine (PLM-24, PLM-03; PF7, PF9, PF11).

Formats of the field, as public repositories show them: KiCad's export of the schematic's fields, version 7 and later
(``"Reference","Qty","Value","DNP","Exclude from BOM",...``, eeschema's default preset; the same header stands in many
repositories of boards), KiCad's generic netlist (``export/components/comp``, ``eeschema/netlist_exporters`` of
KiCad/kicad-source-mirror), and InvenTree's export of a BOM (``Part``, ``Part IPN``, ``Reference``, ``Quantity``, ...,
``inventree/InvenTree``, docs of BOM export). The rows here are our own.
"""

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from enghub.plm.boms.wiring import boms
from enghub.sandbox.plm import catalogue
from enghub.sandbox.plm.scenario import Scenario
from tests.factories.stored import commands, emptied, events, items
from tests.fakes.plm_server import PlmServer
from tests.fakes.soap_server import SoapServer
from tests.functional.plm import test_mappings as maps
from tests.functional.plm.test_files import FOLDER, beside, bucket, newest, rules, taken
from tests.functional.plm.test_mappings import fresh
from tests.functional.plm.test_soap import servers, synced
from tests.functional.plm.test_sync_aftermath import rolled_back

__all__ = ["bucket", "fresh", "servers"]
KICAD = """"Reference","Qty","Value","DNP","Exclude from BOM","Exclude from Board","Footprint","Datasheet"
"C1,C2,C7","3","100n","","","","Capacitor_SMD:C_0603_1608Metric","~"
"R1-R4","4","10k","","","","Resistor_SMD:R_0603_1608Metric","~"
"R9","1","10k","DNP","","","Resistor_SMD:R_0603_1608Metric","~"
"TP1","1","pad","","Excluded from BOM","","TestPoint:TestPoint_Pad_D1.5mm","~"
"U1","1","STM32G431","","","","Package_QFP:LQFP-48","https://www.st.com/x.pdf"
"""
KICAD_RULES: dict[str, Any] = {
    "fields": [
        {"field": "productCode", "convert": "split(file, '@')[0]"},
        {"field": "bomVersion", "convert": "split(file, '@')[1]"},
        {"field": "component", "source": "Value", "convert": "value + ' ' + (source.Footprint ?? '')"},
        {"field": "quantity", "source": "Qty", "reads": "NUMBER"},
        {"field": "designators", "source": "Reference"},
        {"field": "isFitted", "source": "DNP", "convert": "value == 'DNP' ? 'false' : 'true'", "mayLack": True},
        {
            "field": "isExcluded",
            "source": "Exclude from BOM",
            "convert": "value == null ? 'false' : 'true'",
            "mayLack": True,
        },
    ],
    "keepOthers": False,
    "take": "source.Qty != null",
    "tests": [
        {
            "name": "three capacitors, not fitted",
            "file": "ECU-1@A",
            "source": {"Reference": "C1", "Qty": "1", "Value": "100n", "Footprint": "C_0603", "DNP": "DNP"},
            "expect": {
                "productCode": "ECU-1",
                "bomVersion": "A",
                "component": "100n C_0603",
                "quantity": "1",
                "designators": "C1",
                "isFitted": "false",
                "isExcluded": "false",
            },
        },
        {"name": "what stands below the list", "source": {"Reference": "Component Groups:"}, "leftOut": True},
    ],
}
LINES = maps.PATH.replace("products", "bom-lines")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of mappings in this test are those of BOM lines."""
    monkeypatch.setattr(maps, "PATH", LINES)


def activated(wanted: dict[str, Any], connection: str = "default") -> None:
    others = {name: value for name, value in wanted.items() if name not in {"fields", "tests"}}
    maps.activated(wanted["fields"], wanted["tests"], connection, **others)


def stored(product: str, version: str = "A") -> list[Any]:
    return list(boms().get("acme", product, version).value.lines)


def shown(product: str, version: str = "A") -> list[tuple[Any, ...]]:
    return [(one.component, str(one.quantity), one.is_fitted) for one in stored(product, version)]


def test_a_part_list_of_kicad_becomes_a_bom(bucket: Any, lines: None) -> None:
    activated(KICAD_RULES)
    data = taken(bucket, KICAD, "boms/ECU-1@A.csv")
    assert (data["status"], data["content"], data["bomMappingVersion"]) == ("SUCCEEDED", "BOMS", 1)
    assert (data["boms"], data["leftOut"]) == ({"written": 1, "unchanged": 0}, 1)
    assert shown("ECU-1") == [
        ("100n Capacitor_SMD:C_0603_1608Metric", "3", True),
        ("10k Resistor_SMD:R_0603_1608Metric", "4", True),
        ("10k Resistor_SMD:R_0603_1608Metric", "1", False),
        ("STM32G431 Package_QFP:LQFP-48", "1", True),
    ]
    assert taken(bucket, KICAD, "boms/ECU-1@A.csv")["boms"] == {"written": 0, "unchanged": 1}
    (told,) = events("BomChanged")
    assert (told["data"]["product_code"], told["data"]["lines"]) == ("ECU-1", 4)
    seen = maps.read("/preview", version="0")[1]["data"]
    assert (seen["records"], seen["changed"]) == (10, 10), "rows are kept as they came"
    assert rolled_back(newest())["status"] == "DONE"


def test_what_stands_below_a_list_is_no_line_and_no_mistake(bucket: Any, lines: None) -> None:
    renamed = {"Reference": "Refs", "Exclude from BOM": "EXCLUDE_FROM_BOM"}
    fields = [
        {**one, "source": renamed.get(one.get("source", ""), one.get("source", ""))} for one in KICAD_RULES["fields"]
    ]
    fields[2] = {"field": "component", "source": "Value"}
    tests = [
        {
            **KICAD_RULES["tests"][0],
            "source": {"Refs": "C1", "Qty": "1", "Value": "100n C_0603", "DNP": "DNP"},
        },
        KICAD_RULES["tests"][1],
    ]
    activated({**KICAD_RULES, "fields": fields, "tests": tests})
    text = (
        '"Refs";"Value";"Qty";"DNP";"EXCLUDE_FROM_BOM"\n"R1,R2";"10k";"2";"";""\n"R3";"10k";"1";"DNP";""\n'
        '"TP1";"pad";"1";"";"Excluded from BOM"\n\n"Component Groups:";"3"\n"Source:";"x.kicad_sch"\n'
    )
    data = taken(bucket, text, "boms/PCB-7@B.csv")
    assert (data["records"]["rejected"], data["leftOut"]) == (0, 3)
    assert shown("PCB-7", "B") == [("10k", "2", True), ("10k", "1", False)]


@pytest.mark.parametrize("quantity", ["1_000", "NaN", "２", "1e3", "1,5", "-1", "1.00005", ""])
def test_a_number_that_is_none_is_refused_by_its_line_and_half_a_bom_does_not_land(
    bucket: Any, lines: None, quantity: str
) -> None:
    text = f"productCode,bomVersion,component,quantity\nECU-1,A,R-1,{_quoted(quantity)}\nECU-1,A,R-2,2\nECU-2,A,R-1,1\n"
    data = taken(bucket, text, "boms/list.csv")
    assert data["boms"] == {"written": 1, "unchanged": 0}
    assert [one["pk"].rpartition("#")[2] for one in items("BOM")] == ["ECU-2"]
    second, first = beside(bucket, "boms/list.csv")
    assert (first["place"], first["field"]) == ("line 2", "quantity")
    assert first["reason"] == ("REQUIRED" if not quantity else "NUMBER")
    assert (second["place"], second["reason"]) == ("BOM ECU-1 A", "INCOMPLETE")


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


def test_a_mapping_may_let_a_bom_land_without_the_lines_that_are_refused(bucket: Any, lines: None) -> None:
    kept = [{"field": "component", "source": "component"}]
    proof = [{"name": "x", "source": {"component": "R-1"}, "expect": {"component": "R-1"}}]
    activated({"fields": kept, "tests": proof, "partial": True})
    text = "productCode,bomVersion,component,quantity\nECU-1,A,R-1,NaN\nECU-1,A,R-2,2\n"
    assert taken(bucket, text, "boms/list.csv")["records"]["rejected"] == 1
    assert shown("ECU-1") == [("R-2", "2", True)]


def test_an_export_of_inventree_with_european_numbers(bucket: Any, lines: None) -> None:
    rules(numberFormat="COMMA", fileEncoding="UTF_16")
    fields = [
        {"field": "productCode", "source": "Parent Part IPN"},
        {"field": "bomVersion", "convert": "'A'"},
        {"field": "component", "source": "Part IPN"},
        {"field": "quantity", "source": "Quantity", "reads": "NUMBER"},
        {"field": "designators", "source": "Reference"},
        {"field": "isFitted", "source": "Consumable", "values": {"True": "false", "False": "true"}},
    ]
    source = {
        "Parent Part IPN": "ECU-1",
        "Part IPN": "R-1",
        "Quantity": "1,5",
        "Reference": "",
        "Consumable": "False",
    }
    expect = {
        "productCode": "ECU-1",
        "bomVersion": "A",
        "component": "R-1",
        "quantity": "1,5",
        "designators": "",
        "isFitted": "true",
    }
    activated({"fields": fields, "tests": [{"name": "x", "source": source, "expect": expect}], "keepOthers": False})
    header = "BOM Level,BOM Item ID,Parent Part IPN,Part IPN,Part Name,Quantity,Reference,Consumable,Optional\n"
    body = '1,7,ECU-1,TIM-1,Paste,"0,0125",,False,False\n1,8,ECU-1,R-1,Resistor,2,"R1 R2",False,False\n'
    body += "2,9,PCB-1,R-1,R,1,R1,True,False\n"
    data = taken(bucket, (header + body).encode("utf-16"), "boms/bom.csv")
    assert data["boms"] == {"written": 2, "unchanged": 0}
    assert shown("ECU-1") == [("TIM-1", "0.0125", True), ("R-1", "2", True)]
    assert shown("PCB-1") == [("R-1", "1", False)]


def test_an_xml_part_list_of_kicad(bucket: Any, lines: None) -> None:
    fields = [
        {"field": "productCode", "convert": "file"},
        {"field": "bomVersion", "convert": "'A'"},
        {"field": "component", "source": "fields/field[MPN]"},
        {"field": "quantity", "convert": "'1'"},
        {"field": "designators", "source": "@ref"},
        {
            "field": "isFitted",
            "source": "property[dnp]",
            "convert": "value == null ? 'true' : 'false'",
            "mayLack": True,
        },
        {
            "field": "isExcluded",
            "source": "property[exclude_from_bom]",
            "convert": "value == null ? 'false' : 'true'",
            "mayLack": True,
        },
    ]
    source = {"@ref": "R1", "fields/field[MPN]": "RC0603"}
    expect = {
        "productCode": "",
        "bomVersion": "A",
        "component": "RC0603",
        "quantity": "1",
        "designators": "R1",
        "isFitted": "true",
        "isExcluded": "false",
    }
    activated(
        {
            "fields": fields,
            "tests": [{"name": "x", "source": source, "expect": expect}],
            "records": "components/comp",
            "keepOthers": False,
        }
    )
    parts = "".join(
        f'<comp ref="{ref}"><value>10k</value><fields><field name="MPN">{mpn}</field></fields>{more}</comp>\n'
        for ref, mpn, more in (
            ("R1", "RC0603", ""),
            ("R2", "RC0805", '<property name="dnp"/>'),
            ("TP1", "PAD", '<property name="exclude_from_bom"/>'),
        )
    )
    text = f'<?xml version="1.0"?>\n<export version="E"><design/><components>{parts}</components></export>'
    data = taken(bucket, text, "boms/ECU-9.xml")
    assert (data["boms"], data["leftOut"]) == ({"written": 1, "unchanged": 0}, 1)
    assert shown("ECU-9") == [("RC0603", "1", True), ("RC0805", "1", False)]
    refused = taken_failing(bucket, "<export><parts/></export>", "boms/ECU-8.xml")
    assert "no element components/comp" in refused


def taken_failing(bucket: Any, content: str, name: str) -> str:
    from tests.functional.plm.test_files import dropped, told  # noqa: PLC0415
    from tests.functional.plm.test_sync import report  # noqa: PLC0415

    assert told(dropped(bucket, content, name)) == []
    return str(report(newest())["failure"])


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cell in sheet["C"]:
        cell.number_format = "00000"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_tells_numbers_from_texts(bucket: Any, lines: None) -> None:
    import datetime as dt  # noqa: PLC0415

    content = workbook(
        ["productCode", "bomVersion", "component", "quantity"],
        ["ECU-1", "A", 123, 2.5],
        ["ECU-2", 1.1, "R-1", 1],
        ["ECU-3", "A", "R-1", 1914310000010100016],
        [dt.date(2026, 3, 1), "A", "R-1", 1],
    )
    data = taken(bucket, content, "boms/list.xlsx")
    assert shown("ECU-1") == [("00123", "2.5", True)]
    assert data["boms"]["written"] == 1
    reasons = [(one["place"], one["reason"], one["field"]) for one in beside(bucket, "boms/list.xlsx")]
    assert [one for one in reasons if one[1] != "INCOMPLETE"] == [
        ("row 3", "NOT_TEXT", "bomVersion"),
        ("row 4", "CELL", "quantity"),
        ("row 5", "CELL", "productCode"),
    ]


def test_levels_give_parents_and_rows_without_one_are_refused(bucket: Any, lines: None) -> None:
    rows = ("0,A,1", "1,B,2", "2,C,1", "1,D,1", "3,F,1", "4,G,1", "2,H,5", "0,K,1")
    text = "level,component,quantity,bomVersion,productCode\n" + "".join(f"{row},V,\n" for row in rows)
    taken(bucket, text, "boms/tree.csv")
    assert shown("A", "V") == [("B", "2", True), ("D", "1", True)]
    assert shown("B", "V") == [("C", "1", True)]
    assert shown("D", "V") == [("H", "5", True)]
    assert [(one["place"], one["reason"]) for one in beside(bucket, "boms/tree.csv")] == [
        ("line 6", "ORPHAN"),
        ("line 7", "ORPHAN"),
    ]


def test_a_bom_that_the_engine_refuses_is_told_and_the_others_land(bucket: Any, lines: None) -> None:
    text = (
        "productCode,bomVersion,component,quantity,unit\nA,1,B,1,PCS\nB,1,A,1,PCS\nC,1,D,1,parsec\nD,1,E,1,KG\n"
        "F,1,E,1,KG\nF,1,E,1,KG\n"
    )
    data = taken(bucket, text, "boms/list.csv")
    assert data["boms"] == {"written": 2, "unchanged": 0}
    said = {one["place"]: one["message"] for one in beside(bucket, "boms/list.csv")}
    assert "loop: B > A > B" in said["BOM B 1"] or "loop" in said["BOM B 1"]
    assert "parsec" in said["BOM C 1"]
    assert "repeats line" in said["BOM F 1"]


def test_boms_come_with_products_by_rest_and_soap_alike(servers: tuple[PlmServer, SoapServer]) -> None:
    rest, soap = servers
    rest.scenario = soap.scenario = Scenario(products=30, boms=True)
    data = synced("default")
    wanted = [n for n in range(30) if catalogue.bom_lines(n) and n != 17]
    assert data["boms"]["written"] == len(wanted)
    by_rest = {one["pk"]: one["lines"] for one in items("BOM")}
    assert synced("default")["boms"] == {"written": 0, "unchanged": len(wanted)}
    emptied()
    assert synced("soap")["boms"]["written"] == len(wanted)
    assert {one["pk"]: one["lines"] for one in items("BOM")} == by_rest
    record = catalogue.record(wanted[0])
    first = stored(record["productCode"], record["productVersion"])
    assert [one.quantity for one in first] == [Decimal(1), Decimal(2), Decimal("0.0125")]


def test_a_run_that_wrote_boms_is_rolled_back_unless_people_changed_them(bucket: Any, lines: None) -> None:
    text = "productCode,bomVersion,component,quantity\nECU-1,A,R-1,{}\nECU-1,A,R-2,2\n"
    taken(bucket, text.format(1), "boms/list.csv")
    before = [*items("BOM"), *items("BOM_VERSIONS")]
    taken(bucket, text.format(5), "boms/list.csv")
    assert shown("ECU-1")[0][1] == "5"
    assert rolled_back(newest())["status"] == "DONE"
    assert [*items("BOM"), *items("BOM_VERSIONS")] == before
    taken(bucket, text.format(7), "boms/list.csv")
    from enghub.core.clock import system_clock  # noqa: PLC0415
    from enghub.core.identity import Origin  # noqa: PLC0415

    boms().remove_line("ECU-1", "A", 20, Origin("acme", "", "li", system_clock(), "r"))
    refused = rolled_back(newest())
    assert refused["status"] == "REFUSED"
    assert "BOM ECU-1 version A" in refused["changedSince"]
    assert commands("rollback_sync")
    assert FOLDER
