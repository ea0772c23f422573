"""The itinerary as CSV and XLSX, on pages and API."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from uuid import UUID

import openpyxl
import pytest

from tests.enquiries.reading import Page
from tests.identity.keys import with_key
from tests.people import Person
from tests.trips.things import (
    BACK,
    CREEK,
    DESERT,
    OUT,
    PASSPORT,
    RIDE,
    VISA,
    a_line,
    a_passenger,
    a_trip,
    whole_trip,
)
from voyagent.kernel.ids import new_id
from voyagent.kernel.workbooks import MIMETYPE
from voyagent.settings.service import tenant_settings as settings
from voyagent.trips.documents.itinerary_files import COLUMNS
from voyagent.trips.service import lines

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
EVIL = '=HYPERLINK("http://x.example")'
each = pytest.mark.parametrize("form", ["csv", "xlsx"])
Row = dict[str, str]


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(MARK), newline=""), strict=True))


def rows(text: str) -> list[Row]:
    columns, *rows = cells(text)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def table(person: Person, trip_id: UUID, query: str = "") -> list[Row]:
    answer = person.api.get(f"/trips/{trip_id}/itinerary.csv{query}")
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    return rows(answer.text)


def values_of(row: Row, *names: str) -> list[str]:
    return [row[name] for name in names]


def things(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["row"] in {"flight", "hotel", "transfer", "visa", "other"}]


def test_the_table_has_the_data_of_the_json(alice: Person, bob: Person) -> None:
    trip_id = whole_trip(alice, notes="Sockets are British.")
    trip, rows = alice.api.get(f"/trips/{trip_id}").json, table(alice, trip_id)
    assert list(rows[0]) == list(COLUMNS)
    heads = {row["item"]: row["text"] or row["day"] for row in rows if row["row"] == "head"}
    with alice.acting() as actor:
        assert (heads.pop("agency"), heads.pop("contact")) == (actor.tenant_name, actor.full_name)
    assert heads == {
        name: trip[name] for name in ("id", "title", "status", "first_day", "last_day", "notes")
    }
    assert [
        values_of(row, "line_no", "item", "text") for row in rows if row["row"] == "passenger"
    ] == [
        [str(number), one["full_name"], one["kind"]]
        for number, one in enumerate(trip["passengers"], start=1)
    ]
    assert [
        values_of(row, "row", "line_no", "day", "reference", "state", "notes")
        for row in things(rows)
    ] == [
        [
            line["kind"],
            str(number),
            line["starts_on"] or "",
            line["supplier_ref"] or "",
            line["status"],
            line["details"].get("notes", ""),
        ]
        for number, line in enumerate(trip["lines"], start=1)
    ]
    assert [
        values_of(row, "item", "currency", "amount") for row in rows if row["row"] == "total"
    ] == [["price", total["currency"], total["price"]] for total in trip["totals"]]
    assert [total["currency"] for total in trip["totals"]] == ["INR", "AED"]
    assert {row["currency"] + row["amount"] for row in rows if row["row"] != "total"} == {""}, (
        "only the whole has a price, as on paper"
    )
    assert (
        bob.api.get(f"/trips/{trip_id}/itinerary.csv").text
        == alice.api.get(f"/trips/{trip_id}/itinerary.csv").text
    )


def test_each_line_states_start_and_end_with_place(alice: Person) -> None:
    trip_id = a_trip(alice)
    ticketed = {"tickets": ["1769000000011", "1769000000012"]}
    out = {
        "destination_terminal": "T3",
        "carrier_name": "Emirates",
        "seats": "14A",
        "baggage": "30 kg",
        **ticketed,
    }
    a_line(alice, trip_id, OUT.model_copy(update=out), status="ticketed", supplier_ref="Q7X2LM")
    a_line(alice, trip_id, BACK.model_copy(update=ticketed), status="ticketed")
    a_line(
        alice,
        trip_id,
        CREEK.model_copy(
            update={
                "room": "Sea view",
                "board": "Breakfast",
                "phone": "+971 4 1",
                "address": "Quay 1",
            }
        ),
        supplier_ref="MC-7",
    )
    a_line(alice, trip_id, RIDE)
    a_line(alice, trip_id, DESERT.model_copy(update={"until": date(2026, 12, 22)}))
    a_line(
        alice,
        trip_id,
        VISA.model_copy(update={"type": "Tourist", "granted_on": date(2026, 12, 1)}),
        status="filed",
    )
    a_line(
        alice,
        trip_id,
        VISA.model_copy(update={"traveller": "Deepa", "count": 1, "filed_on": date(2026, 11, 30)}),
        status="filed",
    )
    a_line(
        alice,
        trip_id,
        DESERT.model_copy(update={"title": "Insurance", "on": None, "at": None, "notes": None}),
    )
    names = (
        "row",
        "item",
        "text",
        "day",
        "time",
        "place",
        "until_day",
        "until_time",
        "until_place",
        "quantity",
        "state",
    )
    flight = [
        "Emirates · Economy · 14A · 30 kg",
        "2026-12-19",
        "04:30",
        "Kochi (COK)",
        "2026-12-19",
        "07:10",
        "Dubai (DXB), T3",
    ]
    home = ["", "2026-12-25", "21:25", "Dubai (DXB)", "2026-12-26", "02:50", "Kochi (COK)"]
    rows = table(alice, trip_id)
    assert [values_of(row, *names) for row in things(rows)] == [
        ["flight", "EK 533", *flight, "", "ticketed"],
        [
            "hotel",
            "Marsa Creek Hotel",
            "Sea view · Breakfast · +971 4 1 · Quay 1",
            "2026-12-19",
            "",
            "Dubai",
            "2026-12-23",
            "",
            "",
            "",
            "planned",
        ],
        [
            "other",
            "Desert at sunset",
            "",
            "2026-12-21",
            "14:30",
            "",
            "2026-12-22",
            "",
            "",
            "",
            "planned",
        ],
        [
            "transfer",
            "Dubai – Abu Dhabi",
            "Van",
            "2026-12-23",
            "10:00",
            "Dubai",
            "",
            "",
            "Abu Dhabi",
            "",
            "planned",
        ],
        ["flight", "EK 532", *home, "", "ticketed"],
        [
            "visa",
            "United Arab Emirates",
            "Tourist",
            "2026-12-01",
            "",
            "AE",
            "",
            "",
            "",
            "4",
            "granted",
        ],
        ["visa", "United Arab Emirates", "Deepa", "2026-11-30", "", "AE", "", "", "", "1", "filed"],
        ["other", "Insurance", "", "", "", "", "", "", "", "", "planned"],
    ]
    assert [values_of(row, "line_no", "item") for row in rows if row["row"] == "ticket"] == [
        ["1", "1769000000011"],
        ["2", "1769000000012"],
    ]
    assert [row["reference"] for row in things(rows)][:2] == ["Q7X2LM", "MC-7"]


def test_no_file_contains_internal_data(alice: Person) -> None:
    trip_id = a_trip(alice)
    a_passenger(
        alice,
        trip_id,
        passport_number=PASSPORT,
        passport_expiry=date(2031, 4, 30),
        date_of_birth=date(1986, 5, 4),
        nationality="IN",
    )
    a_line(alice, trip_id, CREEK, cost="77111.25", price="80000", supplier="Desert Beds LLC")
    with alice.acting() as actor:
        lines.cancel_line(
            actor, trip_id, a_line(alice, trip_id, DESERT, status="booked", price="55")
        )
    text = alice.api.get(f"/trips/{trip_id}/itinerary.csv").text
    assert [
        word
        for word in (PASSPORT, PASSPORT[-4:], "2031", "1986", "77111", "Desert", "55.00")
        if word in text
    ] == []
    assert [
        values_of(row, "currency", "amount") for row in rows(text) if row["row"] == "total"
    ] == [["INR", "80000.00"]]


def test_files_without_prices_contain_all_other_data(alice: Person) -> None:
    trip_id = whole_trip(alice)
    priced = table(alice, trip_id)
    bare = table(alice, trip_id, "?prices=false")
    assert bare == [row for row in priced if row["row"] != "total"]
    assert len(bare) == len(priced) - 2
    assert rows(alice.tab.get(f"/trips/{trip_id}/itinerary.csv?prices=no").text) == bare
    book = openpyxl.load_workbook(
        io.BytesIO(alice.tab.get(f"/trips/{trip_id}/itinerary.xlsx?prices=no").data)
    )
    assert "total" not in [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert alice.api.get(f"/trips/{trip_id}/itinerary.csv?prices=nonsense").status_code == 422


def test_the_file_of_an_empty_trip_has_no_total(alice: Person) -> None:
    trip_id = a_trip(alice)
    rows = table(alice, trip_id)
    assert [row["item"] for row in rows] == ["id", "title", "agency", "contact", "status"]
    assert {row["row"] for row in rows} == {"head"}
    assert alice.tab.get(f"/trips/{trip_id}/itinerary.xlsx").status_code == 200


def test_a_workbook_has_the_values_of_the_csv_as_dates_and_numbers(alice: Person) -> None:
    trip_id = whole_trip(alice)
    rows = cells(alice.api.get(f"/trips/{trip_id}/itinerary.csv").text)
    for answer in (
        alice.api.get(f"/trips/{trip_id}/itinerary.xlsx"),
        alice.tab.get(f"/trips/{trip_id}/itinerary.xlsx"),
    ):
        assert (answer.status_code, answer.mimetype) == (200, MIMETYPE)
        assert answer.headers["Content-Disposition"].startswith(
            'attachment; filename="voyagent-itinerary-krishnan-family-dubai-'
        )
        found = [
            list(row)
            for row in (
                openpyxl.load_workbook(io.BytesIO(answer.data))
                .worksheets[0]
                .iter_rows(values_only=True)
            )
        ]
        assert [row[-1] for row in found if row[0] == "total"] == [228200.5, 1480]
        for row, texts in zip(found, rows, strict=True):
            for cell, text in zip(row, texts, strict=True):
                if isinstance(cell, int | float):
                    assert Decimal(str(cell)) == Decimal(text)
                else:
                    assert ("" if cell is None else str(cell).removesuffix(" 00:00:00")) == text


def test_page_and_api_return_the_same_csv_in_english(
    alice: Person,
) -> None:
    trip_id = whole_trip(alice)
    text = alice.api.get(f"/trips/{trip_id}/itinerary.csv").text
    alice.does(settings.update, {"locale": "hi"})
    assert alice.tab.get(f"/trips/{trip_id}/itinerary.csv").text == MARK + text


def test_no_cell_is_a_formula(alice: Person) -> None:
    trip_id = a_trip(alice, title=EVIL, notes="@sum(1)")
    a_passenger(alice, trip_id, "+Deepa")
    a_line(
        alice,
        trip_id,
        CREEK.model_copy(
            update={"name": EVIL, "city": "-Dubai", "phone": "+971 4 1", "notes": EVIL}
        ),
        supplier_ref="=1+1",
    )
    text = alice.api.get(f"/trips/{trip_id}/itinerary.csv").text
    assert f"'{EVIL}" in [cell for row in cells(text) for cell in row]
    assert [
        cell for row in cells(text) for cell in row if cell.startswith(("=", "+", "-", "@"))
    ] == []
    page = openpyxl.load_workbook(
        io.BytesIO(alice.api.get(f"/trips/{trip_id}/itinerary.xlsx").data)
    ).worksheets[0]
    assert [cell.value for row in page.iter_rows() for cell in row if cell.data_type == "f"] == []
    assert EVIL in [cell.value for row in page.iter_rows() for cell in row]


@each
def test_the_files_require_the_permission_to_read_the_trip(
    alice: Person, charlie: Person, victor: Person, form: str
) -> None:
    trip_id = whole_trip(alice)
    address = f"/trips/{trip_id}/itinerary.{form}"
    unknown = charlie.api.get(f"/trips/{new_id()}/itinerary.{form}")
    for answer in (charlie.api.get(address), alice.api.get(f"/trips/nonsense/itinerary.{form}")):
        assert (answer.status_code, answer.json["detail"]) == (404, unknown.json["detail"])
    assert charlie.tab.get(address).status_code == 404
    assert (victor.api.get(address).status_code, victor.tab.get(address).status_code) == (
        200,
        200,
    )
    nobody = alice.app.test_client()
    assert (nobody.get(f"/api{address}").status_code, nobody.get(address).status_code) == (401, 303)
    assert with_key(alice, "trips").get(address).status_code == 200
    assert with_key(alice, "enquiries").get(address).status_code == 403


@pytest.mark.parametrize(("query", "behind"), [("", ""), ("?prices=no", "?prices=no")])
def test_the_page_links_files_with_or_without_prices(
    alice: Person, query: str, behind: str
) -> None:
    trip_id = whole_trip(alice)
    links = Page(alice.tab.get(f"/trips/{trip_id}{query}")).links()
    assert [link for link in links if "/itinerary." in link] == [
        f"/trips/{trip_id}/itinerary.{form}{behind}" for form in ("pdf", "xlsx", "csv")
    ]
