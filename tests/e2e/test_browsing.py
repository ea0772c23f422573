"""The check of a page waits for the page that a click asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browsing import LOOKS, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAUSE_S = 0.5
HEAD = "<!doctype html><html lang=en><title>A page</title>"
FIRST = """<a href="/next">Link</a> <form method="post" action="/next"><button>Form</button></form>
<form method="post" action="/moved"><button>Moved</button></form>"""
NEXT = "<button></button>"


class Slow(BaseHTTPRequestHandler):
    """Send a sound first page at once, and a next page without a button's name slowly."""

    def do_GET(self) -> None:
        self._send(FIRST if self.path == "/" else NEXT)

    def do_POST(self) -> None:
        if self.path == "/moved":
            time.sleep(PAUSE_S)
            self.send_response(303)
            self.send_header("Location", "/next")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(NEXT)

    def _send(self, body: str) -> None:
        pause_s = PAUSE_S * (body == NEXT)
        time.sleep(pause_s)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.flush()
        time.sleep(pause_s)
        self.wfile.write(f"{HEAD}<main><h1>A page</h1>{body}</main>".encode())

    def log_message(self, *_of: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return the address of a slow server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ["Link", "Form", "Moved"])
def test_a_slow_page_is_checked_and_not_the_one_before(
    browser: Browser, address: str, name: str
) -> None:
    with visiting(browser, LOOKS[0], base_url=address) as visit:
        visit.page.goto("/")
        visit.looks_right()
        visit.page.get_by_text(name, exact=True).click()
        with pytest.raises(AssertionError, match=r"/next: .*button-name"):
            visit.looks_right()
