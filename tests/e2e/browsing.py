"""A browser for one person, which reports what the page's policy blocks.

It has a theme and a width.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.e2e.conftest import AXE, NO_BROWSER

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        CDPSession,
        ConsoleMessage,
        Page,
        ViewportSize,
    )

# Installed with the browser's tests only; without it a module that imports this one is skipped, and
# says why.
_driver = pytest.importorskip("playwright.sync_api", reason=NO_BROWSER)
expect = _driver.expect
SERIOUS = {"serious", "critical"}
CHECK = f"""axe.run(document, {{
  resultTypes: ["violations"], preload: false,
  rules: Object.fromEntries(axe._audit.rules
    .filter(({{enabled, impact}}) => enabled && !{sorted(SERIOUS)}.includes(impact))
    .map(({{id}}) => [id, {{enabled: false}}])),
}}).then((result) => ({{
  violations: result.violations.map(
    ({{id, impact, nodes}}) => [id, impact, nodes.map(({{target}}) => target)]),
  isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
}}))"""
"""Only what the test reads is returned, because the whole result is large. `preload` reads every
style sheet again for rules that need a video or are experimental. The impact of a violation is that
of its rule, so rules of a lower impact are not run."""
SETTLED = """document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
  .forEach((one) => one.finish())"""
"""Ends the transitions to the colours of another theme."""
WORLD = "axe"
"""Name of the world of scripts in which axe runs, beside that of the page."""
LEFT = ("htmx:sendAbort", "htmx:afterRequest")
"""Beginnings of messages about requests that end because the person leaves the page.

For each request that fails for another reason, htmx also logs the reason.
"""
LOADED_WITHIN_S = 30
PASSWORD = "Harbour-lantern-42"
CSRF_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


@dataclass(frozen=True)
class Look:
    """Theme and width of a screen."""

    theme: Literal["light", "dark"]
    width: int

    @property
    def screen(self) -> ViewportSize:
        """Return the size of the screen."""
        return {"width": self.width, "height": 900}


LOOKS = [Look("light", 1280), Look("dark", 390)]
WIDE, NARROW = LOOKS[:1], LOOKS[1:]
"""Themes and widths for a long test.

Rules of a theme hold at any width, and rules of a width in any theme.
"""

_FREE: dict[tuple[Look, str, bool], list[BrowserContext]] = {}
"""Profiles that no test uses, by look, address and whether they run scripts."""


@dataclass
class Visit:
    """A page and its console messages.

    `also` are further looks in which each page is checked.
    """

    page: Page
    look: Look
    also: Sequence[Look] = ()
    complaints: list[str] = field(default_factory=list)
    _loading: set[str] = field(default_factory=set)
    """Ids of the frames that load a page, or have asked for one."""
    _has_axe: bool = False

    def __post_init__(self) -> None:
        self._session: CDPSession = self.page.context.new_cdp_session(self.page)
        self._session.on("Page.frameStartedLoading", lambda of: self._loading.add(of["frameId"]))
        self._session.on(
            "Page.frameStoppedLoading", lambda of: self._loading.discard(of["frameId"])
        )
        self._session.send("Page.enable")

    def looks_right(self, then: Callable[[Look], object] = lambda _look: None) -> None:
        """Check with axe, the content security policy and for sideways scrolling.

        The page is checked in each look; `then` is called while it is shown.
        """
        self._wait()
        for look in (self.look, *self.also):
            if self.also:
                self._show(look)
            self._check()
            then(look)
        if self.also:
            self._show(self.look)

    def _show(self, look: Look) -> None:
        """Change theme and width of the page where it is."""
        self.page.emulate_media(color_scheme=look.theme)
        self.page.set_viewport_size(look.screen)
        self._evaluate(SETTLED)

    def _wait(self) -> None:
        """Wait until the page that was asked for is loaded.

        A click does not wait for its page. The browser reports the start of a navigation before it
        answers the script, which runs after the task that sends a form. There is no answer if the
        page is left meanwhile.
        """
        with suppress(_driver.Error):
            self._session.send(
                "Runtime.evaluate", {"expression": "new Promise(setTimeout)", "awaitPromise": True}
            )
        deadline = time.monotonic() + LOADED_WITHIN_S
        while self._loading:
            assert time.monotonic() < deadline, f"{self.page.url}: the next page is not loaded"
            self.page.wait_for_timeout(10)

    def _check(self) -> None:
        found = self._evaluate(f"'axe' in globalThis || loadAxe();\n{CHECK}")
        serious = [
            (id_, targets) for id_, impact, targets in found["violations"] if impact in SERIOUS
        ]
        assert serious == [], f"{self.page.url}: {serious}"
        assert self.complaints == [], f"{self.page.url}: {self.complaints}"
        assert not found["isWide"], f"{self.page.url} scrolls sideways"

    def _evaluate(self, script: str) -> Any:
        """Return the value of a script in a world of its own, past the driver.

        The driver passes a script to `eval`, which compiles axe again on each page. The browser
        gets axe once, and compiles it in the world of a page when the page is checked.
        """
        if not self._has_axe:
            self._session.send(
                "Page.addScriptToEvaluateOnNewDocument",
                {"source": _axe(), "worldName": WORLD, "runImmediately": True},
            )
            self._has_axe = True
        frame = self._session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._session.send(
            "Page.createIsolatedWorld", {"frameId": frame, "worldName": WORLD}
        )
        answer = self._session.send(
            "Runtime.evaluate",
            {
                "expression": script,
                "contextId": world["executionContextId"],
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")


@cache
def _axe() -> str:
    return f"globalThis.loadAxe = () => {{{AXE.read_text()}\n}}"


@contextmanager
def visiting(
    browser: Browser,
    look: Look,
    *also: Look,
    base_url: str,
    java_script_enabled: bool = True,
) -> Iterator[Visit]:
    """Open a browser profile with that look, signed out and without data.

    Pages are also checked in the looks of `also`.

    The profile of an earlier test is used again if it is free, because the first pages of a new one
    take a second of CPU.
    """
    free = _FREE.setdefault((look, base_url, java_script_enabled), [])
    context = free.pop() if free else _profile(browser, look, base_url, java_script_enabled)
    page = context.new_page()
    visit = Visit(page, look, also)

    def listen(message: ConsoleMessage) -> None:
        is_harmless = "favicon" in message.text or message.text.startswith(LEFT)
        if message.type in {"error", "warning"} and not is_harmless:
            visit.complaints.append(f"{page.url}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: visit.complaints.append(f"{page.url}: {error}"))
    try:
        yield visit
    except BaseException:
        context.close()
        raise
    _clear(context, base_url)
    free.append(context)


def _profile(
    browser: Browser, look: Look, base_url: str, java_script_enabled: bool
) -> BrowserContext:
    context = browser.new_context(
        color_scheme=look.theme,
        viewport=look.screen,
        locale="en-GB",
        reduced_motion="reduce",
        base_url=base_url,
        java_script_enabled=java_script_enabled,
    )
    context.set_default_timeout(30_000)
    return context


def _clear(context: BrowserContext, origin: str) -> None:
    """Remove all that a test leaves in a profile, except cached files."""
    first, *others = context.pages
    for page in others:
        page.close()
    context.new_cdp_session(first).send(
        "Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"}
    )
    first.close()
    context.clear_cookies()
    context.clear_permissions()
    context.set_offline(False)


def sign_up(page: Page, name: str = "Aisha Rahman") -> str:
    """Sign the browser up with a new agency; return its administrator's address.

    The form is sent without its page, because a profile's first pages take the browser seconds.
    The page itself is tested in `test_coming_in`, `test_main_job` and, on a small screen, in
    `test_account_page`.
    """
    email = f"{name.split(maxsplit=1)[0].lower()}-{secrets.token_hex(4)}@malabar.example"
    request = page.context.request
    token = CSRF_TOKEN.search(request.get("/sign-up").text())
    assert token
    answer = request.post(
        "/sign-up",
        form={
            "csrf_token": token[1],
            "agency_name": "Malabar Gulf Travels",
            "full_name": name,
            "email": email,
            "password": PASSWORD,
        },
        max_redirects=0,
    )
    assert answer.status == HTTPStatus.SEE_OTHER, answer.text()
    return email


def pages_on_paper(page: Page) -> int:
    """Return the number of A4 sheets of the printed page."""
    return len(
        re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4", prefer_css_page_size=True))
    )
