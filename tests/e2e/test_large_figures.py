"""Amounts in crores fit their cells in every list and report.

This holds on screens, phones and paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.browsing import PASSWORD, Look, Visit, sign_up, visiting
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CUSTOMER, SUPPLIER = (
    "Backwater Spices Exports Private Limited",
    "Coromandel Airlines Consolidators LLP",
)
CRORES, MANY_CRORES, AHEAD = "98765432.10", "1234567890.12", "12345678.90"
TODAY = date.today()  # noqa: DTZ011 - any day near this one does
DUE_IN_DAYS = (15, -10, -45, -75, -120)
"""One due date for each column of ageing."""
PORTRAIT, LANDSCAPE = (210, 182), (297, 269)
"""Width of A4 and of its printable area, in millimetres."""
PX_PER_MM = 96 / 25.4
WIDE_PAPER = re.compile(
    r"^/reports/(receivables|payables|trial-balance|trip-margins|general-ledger)"
)
FIGURES = Look("light", 1280)

OUTSIDE = """() => {
  const wrong = [], room = document.documentElement.getBoundingClientRect().right,
  onPaper = matchMedia("print").matches;
  for (const table of document.querySelectorAll("main table, aside table"))
    if (onPaper && table.checkVisibility()
      && table.getBoundingClientRect().right > room + 1)
      wrong.push("wider than the paper: " + table.className);
  for (const cell of document.querySelectorAll("main :is(td, th), aside :is(td, th), .v-fig")) {
    if (!cell.checkVisibility() || cell.closest(".visually-hidden, .v-clip")) continue;
    const box = cell.getBoundingClientRect(), style = getComputedStyle(cell),
      range = document.createRange();
    const left = box.left + parseFloat(style.paddingLeft) - 1,
      right = box.right - parseFloat(style.paddingRight) + 1;
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let text; (text = walker.nextNode()); ) {
      const around = text.parentElement;
      if (!text.data.trim() || !around.checkVisibility()
      || around.closest(".visually-hidden, .v-clip, select")) continue;
      range.selectNodeContents(text);
      for (const part of range.getClientRects())
        if (part.width && (part.left < left || part.right > right || (onPaper
          && part.right > room + 1))) {
          const found = `${part.left.toFixed()} to ${part.right.toFixed()}`;
          const cell = `${left.toFixed()} to ${right.toFixed()}`;
          wrong.push(`${text.data.trim()}: ${found}, its cell has ${cell}`);
          break;
        }
    }
  }
  return wrong;
}"""
TYPE_SIZES = """() => [...new Set([...document.querySelectorAll("main td.v-num")]
  .map(cell => getComputedStyle(cell).fontSize))]"""
REPORTS = [
    "/reports/receivables",
    "/reports/receivables?party=*",
    "/reports/payables?party=*",
    "/reports/trial-balance",
    f"/reports/trial-balance?from={TODAY - timedelta(days=400)}",
    "/reports/profit-and-loss",
    "/reports/balance-sheet",
    "/reports/balance-sheet?compare=year",
    "/reports/general-ledger?account=1200",
    "/reports/general-ledger?account=1100",
    "/reports/day-book",
    f"/reports/party-statement?kind=customer&party={CUSTOMER}",
    f"/reports/party-statement?kind=supplier&party={SUPPLIER}",
    "/reports/trip-margins",
    "/reports/trip-margins?group_by=customer",
]
LISTS = [
    "/",
    "/invoices",
    "/bills",
    "/payments",
    "/credit-notes",
    "/journal",
    "/accounts",
    "/parties",
    "/trips",
]
DOCUMENTS = ["lines of a margin", "invoice", "bill", "payment", "entry", "trip", "credit note"]


@pytest.fixture(scope="module")
def figures(browser: Browser, site: Site) -> Iterator[tuple[Visit, dict[str, str]]]:
    """A page for all tests, signed in to an agency with large amounts; its documents.

    A page of its own for each test would take the browser longer than the test.
    """
    with visiting(browser, FIGURES, base_url=site.address) as visit:
        yield visit, fill(visit.page, sign_up(visit.page))


@pytest.mark.parametrize("address", [*REPORTS, *LISTS, *DOCUMENTS])
def test_amounts_stay_in_their_cells_and_tables_on_the_page(
    figures: tuple[Visit, dict[str, str]], address: str
) -> None:
    visit, documents = figures
    opened = documents.get(address, address)
    visit.page.emulate_media(media="screen")
    visit.page.set_viewport_size({"width": FIGURES.width, "height": 900})
    visit.page.goto(opened)
    for width in (1280, 768, 390):
        visit.page.set_viewport_size({"width": width, "height": 900})
        assert _outside(visit) == [], f"{address} at {width} pixels"
        assert not visit.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        ), f"{address} at {width} pixels"
    is_wide = bool(WIDE_PAPER.match(opened))
    _lay_on_paper(visit.page, is_wide=is_wide)
    assert _outside(visit) == [], f"{address} on paper"
    if address in REPORTS:
        assert len(visit.page.evaluate(TYPE_SIZES)) == 1, f"{address} on paper"
    assert _is_landscape(visit.page) is is_wide


def _lay_on_paper(page: Page, *, is_wide: bool) -> None:
    """Lay the page out on A4.

    The rules see the width of the paper, and the page has the printable width.
    """
    paper, room = LANDSCAPE if is_wide else PORTRAIT
    page.emulate_media(media="print")
    page.set_viewport_size({"width": int(paper * PX_PER_MM), "height": 900})
    page.evaluate("width => { document.documentElement.style.width = width }", f"{room}mm")


def _outside(visit: Visit) -> list[str]:
    found: list[str] = visit.page.evaluate(OUTSIDE)
    return found


def _is_landscape(page: Page) -> bool:
    """True if every printed sheet is landscape."""
    boxes = re.findall(
        rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", page.pdf(prefer_css_page_size=True)
    )
    lying = {float(width) > float(height) for width, height in boxes}
    assert len(lying) == 1
    return lying.pop()


def fill(page: Page, email: str) -> dict[str, str]:
    """Create documents of each age, advances and a trip in crores.

    Returns their addresses.
    """
    signed_in = page.request.post(
        "/api/auth/sign-in", data={"email": email, "password": PASSWORD}
    ).json()
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}

    def post(address: str, **body: Any) -> dict[str, Any]:
        answer = page.request.post(f"/api/{address}", data=body, headers=bearer)
        assert answer.ok, answer.text()
        made: dict[str, Any] = answer.json()
        return made

    letterhead = {
        "address": "Marine Drive 12, 2nd floor\nKochi 682011, Kerala",
        "tax_number": "32AAACM1234A1ZH",
    }
    assert page.request.patch("/api/tenant-settings", data=letterhead, headers=bearer).ok
    trip = post(
        "trips",
        title="Incentive journey of the exporters to Baku and Tbilisi, two hundred travellers",
    )
    details = {
        "kind": "other",
        "title": "Everything on the ground",
        "on": str(TODAY + timedelta(days=30)),
    }
    post(f"trips/{trip['id']}/lines", details=details, price=MANY_CRORES, cost=CRORES)
    fields: dict[str, Any] = {"currency": "INR", "trip_id": trip["id"]}
    for place, days in enumerate(DUE_IN_DAYS):
        due = TODAY + timedelta(days=days)
        lines = [
            {
                "description": "Charter to Baku and back",
                "quantity": 1,
                "unit_price": MANY_CRORES if place in (0, 4) else CRORES,
            }
        ]
        fields |= {"issue_date": str(min(due, TODAY)), "due_date": str(due), "line_items": lines}
        invoice = post("invoices", customer_name=CUSTOMER, **fields)
        post(f"invoices/{invoice['id']}/issue", out_of_order_reason="Entered late")
        bill = post("bills", vendor_name=SUPPLIER, vendor_reference=f"CAC-{place}", **fields)
        post(f"bills/{bill['id']}/receive")
    payment = post(
        "payments", party_name=CUSTOMER, amount=AHEAD, currency="INR", paid_on=str(TODAY)
    )
    post(
        "payments",
        direction="out",
        party_name=SUPPLIER,
        amount=CRORES,
        currency="INR",
        paid_on=str(TODAY),
    )
    post(f"invoices/{invoice['id']}/receipts", amount=AHEAD, account="bank")
    credit = post(
        "credit-notes",
        invoice_id=invoice["id"],
        reason="Not travelled",
        lines=[{"line_no": 1, "amount": CRORES}],
    )
    entries = page.request.get("/api/journal-entries", headers=bearer).json()
    return {
        "lines of a margin": (
            f"/reports/trip-margins/lines?of=margin&currency=INR&trip={trip['id']}"
        ),
        "invoice": f"/invoices/{invoice['id']}",
        "bill": f"/bills/{bill['id']}",
        "payment": f"/payments/{payment['id']}",
        "entry": f"/journal/{entries['items'][0]['id']}",
        "trip": f"/trips/{trip['id']}",
        "credit note": f"/credit-notes/{credit['id']}",
    }
