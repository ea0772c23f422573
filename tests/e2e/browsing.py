"""A browser for one person, which reports what the page's policy blocks.

It has a theme and a width.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.e2e.conftest import AXE, NO_BROWSER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

# Installed with the browser's tests only; without it a module that imports this one is skipped, and
# says why.
expect = pytest.importorskip("playwright.sync_api", reason=NO_BROWSER).expect
SERIOUS = {"serious", "critical"}


@dataclass(frozen=True)
class Look:
    """Theme and width of a screen."""

    theme: Literal["light", "dark"]
    width: int


LOOKS = [Look("light", 1280), Look("dark", 390)]
WIDE, NARROW = LOOKS[:1], LOOKS[1:]
"""Themes and widths for a long test: each theme and each width once."""
"""Rules of a theme hold at any width, and rules of a width in any theme."""


@dataclass
class Visit:
    """A page and its console messages."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def looks_right(self) -> None:
        """Check with axe, the content security policy and for sideways scrolling."""
        self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']})"
        )
        serious = [
            (v["id"], [n["target"] for n in v["nodes"]])
            for v in found["violations"]
            if v["impact"] in SERIOUS
        ]
        assert serious == [], f"{self.page.url}: {serious}"
        assert self.complaints == [], f"{self.page.url}: {self.complaints}"
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        )
        assert not wide, f"{self.page.url} scrolls sideways"


@contextmanager
def visiting(browser: Browser, look: Look, **options: Any) -> Iterator[Visit]:
    """Open a new browser profile with that look."""
    context = browser.new_context(
        color_scheme=look.theme,
        viewport={"width": look.width, "height": 900},
        locale="en-GB",
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    visit = Visit(page)

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "favicon" not in message.text:
            visit.complaints.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: visit.complaints.append(f"{page.url}: {error}"))
    try:
        yield visit
    finally:
        context.close()


def pages_on_paper(page: Page) -> int:
    """Return the number of A4 sheets of the printed page."""
    return len(
        re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4", prefer_css_page_size=True))
    )
