"""One clerk's complete case, from enquiry to audit, without a key.

The built-in planner answers. `test_thinking_page` has the same case with a language model, up to
the invoice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.browsing import NARROW, WIDE, visiting
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_built_in_planner_handles_an_enquiry_up_to_the_itinerary(
    browser: Browser, site: Site
) -> None:
    with visiting(browser, *NARROW, *WIDE, base_url=site.address) as visit:
        clerk = Clerk(visit, site)
        clerk.walk()
        clerk.see_all_results()
