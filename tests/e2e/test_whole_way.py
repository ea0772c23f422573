"""One clerk's complete case, from enquiry to audit, without a key.

The built-in planner answers. `test_thinking_page` has the same case with a language model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import NARROW, Look, visiting
from tests.e2e.clerk import Clerk
from tests.e2e.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("look", NARROW, ids=lambda look: f"{look.theme}-{look.width}")
def test_the_built_in_planner_handles_an_enquiry_up_to_the_itinerary(
    browser: Browser, site: Site, look: Look
) -> None:
    with visiting(browser, look, base_url=site.address) as visit:
        Clerk(visit, site).walk()
