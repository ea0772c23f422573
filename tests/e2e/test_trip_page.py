"""A trip from the first form to the PDF; also without JavaScript and in print."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.e2e.browsing import LOOKS, Look, Visit, expect, pages_on_paper, sign_up, visiting
from tests.e2e.conftest import Site
from tests.e2e.test_coming_in import look_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLIGHTS = (
    {"Flight": "EK 533", "From": "COK", "To": "DXB", "Departs": "19 Dec 2026", "04:30": "07:10"},
    {"Flight": "EK 532", "From": "DXB", "To": "COK", "Departs": "25 Dec 2026", "09:25": "14:50"},
)


def test_a_trip_is_entered_and_its_itinerary_is_shown_and_printed(
    browser: Browser, site: Site
) -> None:
    with visiting(browser, *LOOKS, base_url=site.address) as visit:
        sign_up(visit.page)
        _plan(visit)
        _print(visit, site)


def test_the_page_works_without_javascript(browser: Browser, site: Site) -> None:
    with visiting(
        browser, Look("light", 1280), base_url=site.address, java_script_enabled=False
    ) as visit:
        sign_up(visit.page)
        _plan(visit, is_checked=False)


def _plan(visit: Visit, *, is_checked: bool = True) -> None:
    see = look_at if is_checked else _see_nothing
    page = visit.page
    page.goto("/trips")
    page.get_by_role("link", name=re.compile("Create first trip")).click()
    page.get_by_label("Title").fill("Dubai and Abu Dhabi")
    page.get_by_role("button", name=re.compile("Open the trip")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dubai and Abu Dhabi")
    see(visit, "trip-empty")
    _passenger(visit)
    for flight in FLIGHTS:
        _flight(visit, flight)
    _hotel(visit)
    finding = page.locator("#findings")
    expect(finding).to_contain_text("No hotel from 23 Dec 2026 to 25 Dec 2026")
    expect(page.locator("#sheet")).to_contain_text("EK, Kochi to Dubai and back")
    expect(page.locator("#sheet")).to_contain_text("₹71,000.50")
    see(visit, "trip")
    _send(visit, see)


def _send(visit: Visit, see: Callable[[Visit, str], None]) -> None:
    """Check the preview of the mail and the note on the trip afterwards.

    An invalid address is refused.
    """
    page, to = visit.page, f"d{secrets.token_hex(4)}@example.com"
    page.get_by_role("link", name=re.compile("^Send to customer")).click()
    page.get_by_role("button", name=re.compile("^Send to customer")).click()
    expect(page.locator("#to-err")).to_be_visible()
    see(visit, "trip-send")
    page.get_by_label("E-mail address").fill(to)
    page.get_by_role("button", name=re.compile("^Send to customer")).click()
    expect(page.get_by_text(f"Itinerary sent to {to}.")).to_be_visible()
    expect(page.locator("#about")).to_contain_text(to)


def _print(visit: Visit, site: Site) -> None:
    """Check the printed page and the PDF, which have nothing for the agency only."""
    page = visit.page
    assert pages_on_paper(page) == 1
    address = page.get_by_role("link", name="PDF").get_attribute("href") or ""
    answer = page.request.get(site.address + address)
    assert (answer.status, answer.headers["content-type"], answer.body()[:5]) == (
        200,
        "application/pdf",
        b"%PDF-",
    )
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="To Dubai")).to_be_visible()
    for hidden in ("Passport ••••4567", "Margin", "No hotel from 23 Dec 2026 to 25 Dec 2026"):
        expect(page.get_by_text(hidden, exact=False).first).to_be_hidden()


def _passenger(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("link", name="Add passenger").click()
    page.get_by_label("Name as in the passport").fill("Deepa Krishnan")
    page.get_by_label("Nationality").select_option("IN")
    page.get_by_label("Passport number").fill("Z123 4567")
    page.get_by_role("button", name=re.compile("^Save passenger")).click()
    expect(page.locator("#about")).to_contain_text("Passport ••••4567")


def _flight(visit: Visit, flight: dict[str, str]) -> None:
    page = visit.page
    page.locator("#about").get_by_role("link", name="Flight").last.click()
    for label in ("Flight", "From", "To"):
        page.locator("#line-fields").get_by_label(label, exact=True).fill(flight[label])
    page.get_by_label("Departs", exact=True).fill(flight["Departs"])
    leaves, lands = list(flight.items())[-1]
    page.locator("#departs_time").fill(leaves)
    page.locator("#arrives_time").fill(lands)
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("#sheet")).to_contain_text(flight["Flight"])


def _hotel(visit: Visit) -> None:
    page = visit.page
    page.locator("#about").get_by_role("link", name="Hotel").last.click()
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("#name-err")).to_be_visible()
    page.get_by_label("Hotel", exact=True).fill("Marsa Creek Hotel")
    page.get_by_label("City", exact=True).fill("Dubai")
    page.get_by_label("Arrives", exact=True).fill("19 Dec 2026")
    page.get_by_label("Leaves", exact=True).fill("23 Dec 2026")
    page.locator("#price").fill("71,000.50")
    page.get_by_role("button", name=re.compile("^Save")).click()
    expect(page.locator("#sheet")).to_contain_text("Marsa Creek Hotel, Dubai")


def _see_nothing(_visit: Visit, _name: str) -> None:
    """Without JavaScript, the check of a page does not run."""
