"""Compressed responses: which ones, their headers, and what their length reveals."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response

from tests.http.conftest import Variant
from tests.people import Person
from voyagent.http import compression
from voyagent.http.compression import LEVEL, SMALLEST_BYTES, gzip_apart

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
LONG = "a line of text\n" * 200
CSS = "/static/css/voyagent.css"


def opened(answer: Any) -> bytes:
    assert answer.headers["Content-Encoding"] == "gzip"
    return gzip.decompress(answer.data)


def settled(text: bytes) -> bytes:
    """Return a page without what differs in each response."""
    return re.sub(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{20,}|[0-9a-f]{16}", b"", text)


def test_pages_json_and_exports_are_compressed(alice: Person) -> None:
    browser = alice.browser
    for path in ("/invoices", "/enquiries", "/team"):
        plain = browser.get(path)
        small = browser.get(path, headers=GZIP)
        assert "Content-Encoding" not in plain.headers
        assert settled(opened(small)) == settled(plain.data)
        assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data) / 2
        for answer in (plain, small):
            assert {"Accept-Encoding", "Cookie"} <= set(answer.vary), path
    for number in range(12):
        alice.api.post("/enquiries", json={"customer_name": f"Customer {number}"})
    for path in ("/api/enquiries", "/api/capabilities"):
        bearer = {"Authorization": f"Bearer {alice.access_token}"}
        plain = browser.get(path, headers=bearer)
        small = browser.get(path, headers=bearer | GZIP)
        assert opened(small) == plain.data
        assert "Accept-Encoding" in plain.vary
    plain = browser.get("/invoices?format=csv")
    table = plain.data
    small = browser.get("/invoices?format=csv", headers=GZIP)
    assert opened(small) == table
    assert small.headers["Content-Disposition"] == plain.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("*", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("br", False),
        ("", False),
    ],
)
def test_the_client_decides(app: Flask, accepted: str, is_compressed: bool) -> None:
    answer = app.test_client().get("/sign-in", headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) == is_compressed
    assert "Accept-Encoding" in answer.vary


def test_small_and_compressed_answers_and_credentials_stay_as_they_are(
    variant: Variant, alice: Person
) -> None:
    client = variant(
        {
            "/small": lambda: "x" * (SMALLEST_BYTES - 1),
            "/large": lambda: "x" * SMALLEST_BYTES,
            "/picture": lambda: Response(b"x" * 5000, mimetype="image/png"),
            "/record": lambda: Response(LONG, mimetype="application/json", headers={"ETag": '"1"'}),
            "/api/auth/tokens": lambda: Response(LONG, mimetype="application/json"),
        }
    ).test_client()
    assert client.get("/large", headers=GZIP).headers["Content-Encoding"] == "gzip"
    for path in ("/small", "/picture", "/record", "/api/auth/tokens"):
        answer = client.get(path, headers=GZIP)
        assert "Content-Encoding" not in answer.headers, path
        assert "Accept-Encoding" not in answer.vary, path
    assert client.get("/record", headers=GZIP).headers["ETag"] == '"1"'


def test_head_has_the_headers_of_get(alice: Person) -> None:
    for path in (CSS, "/api/openapi.json", "/health"):
        got = alice.browser.get(path, headers=GZIP)
        head = alice.browser.head(path, headers=GZIP)
        assert head.data == b""
        for name in ("Content-Length", "Content-Encoding", "ETag", "Vary", "Cache-Control"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
    head = alice.browser.head("/invoices?format=csv", headers=GZIP)
    assert (head.headers["Content-Encoding"], head.data) == ("gzip", b"")


# Secrets
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"x", b"one SECRET two", b"SECRET", b"SECRETSECRET" * 9])
def test_a_body_with_stored_secrets_is_valid_gzip(body: bytes) -> None:
    assert gzip.decompress(gzip_apart(body, b"SECRET")) == body
    assert gzip.decompress(gzip_apart(body, b"")) == body


def test_the_length_does_not_reveal_whether_a_guess_is_in_the_secret() -> None:
    secret = b"IjdmMzVkYjA3.aTxQvA.k3JxW9sPq0Zr8LmN5vT"
    guesses = [secret[:n] + wrong for n in (5, 12, 20, 30) for wrong in (b"#", b"%", b"&")]
    guesses += [bytes(reversed(one)) for one in guesses]  # the same letters, and none of the secret

    def length(guess: bytes) -> int:
        page = b"<p>You searched for " + guess + b"</p><input value='%s'>" % secret + LONG.encode()
        return len(gzip_apart(page, secret))

    def alone(guess: bytes) -> int:
        deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        before = b"<p>You searched for " + guess + b"</p><input value='"
        return len(deflate.compress(before) + deflate.flush(zlib.Z_FULL_FLUSH))

    assert len({length(guess) - alone(guess) for guess in guesses}) == 1, (
        "the length depends on the guess alone"
    )
    together = len(zlib.compress(secret[:30] + secret)) - len(zlib.compress(secret[:30]))
    assert together < len(secret), "compressed together, the guess would be recognised"


def test_the_csrf_token_of_a_page_is_not_compressed(alice: Person) -> None:
    answer = alice.browser.get("/team", headers=GZIP)
    tokens = set(re.findall(rb'name="csrf_token"[^>]*value="([^"]+)"', opened(answer)))
    assert len(tokens) == 1
    (token,) = tokens
    assert answer.data.count(token) == opened(answer).count(token) > 0


# Streams
# --------------------------------------------------------------------------------


def test_an_event_is_sent_at_once_and_the_stream_is_closed(variant: Variant) -> None:
    closed: list[bool] = []

    class Events:
        def __init__(self) -> None:
            self.numbers = iter(range(3))

        def __iter__(self) -> Iterator[bytes]:
            return (b"data: %d\n\n" % number for number in self.numbers)

        def close(self) -> None:
            closed.append(True)

    client = variant(
        {"/events": lambda: Response(Events(), mimetype="text/event-stream")}
    ).test_client()
    answer = client.get("/events", headers=GZIP)
    assert (answer.headers["Content-Encoding"], "Content-Length" in answer.headers) == (
        "gzip",
        False,
    )
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    seen = [inflate.decompress(piece) for piece in answer.response]
    assert seen == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n", b""]
    assert inflate.eof
    answer.close()
    assert closed == [True]


def test_an_abandoned_stream_is_closed(variant: Variant) -> None:
    closed: list[bool] = []

    def events() -> Iterator[bytes]:
        try:
            while True:
                yield b"data: x\n\n"
        finally:
            closed.append(True)

    client = variant(
        {"/events": lambda: Response(events(), mimetype="text/event-stream")}
    ).test_client()
    answer = client.get("/events", headers=GZIP)
    next(iter(answer.response))
    answer.close()
    assert closed == [True]


# Files
# --------------------------------------------------------------------------------


def address(app: Flask) -> str:
    page = app.test_client().get("/sign-in").text
    found = re.search(rf"{CSS}\?v=[0-9a-f]+", page)
    assert found
    return found[0]


def test_a_file_with_the_digest_in_its_address_is_cached_for_ever(app: Flask) -> None:
    client, path = app.test_client(), address(app)
    assert client.get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for other in (CSS, f"{path}0", f"{CSS}?v=", f"{CSS}?v=abc"):
        assert client.get(other).headers["Cache-Control"] == "public, no-cache", other
    for missing in ("/static/nowhere.css?v=abc", "/static/../app.py?v=1", "/static/css?v=1"):
        answer = client.get(missing)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("path", [CSS, "/api/openapi.json"])
def test_a_file_has_an_etag_for_each_encoding(app: Flask, path: str) -> None:
    client = app.test_client()
    plain, small = client.get(path), client.get(path, headers=GZIP)
    assert opened(small) == plain.data
    assert len(small.data) == int(small.headers["Content-Length"]) < len(plain.data) / 2
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert small.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    assert client.get(path, headers=GZIP).data == small.data
    for headers, etag in (({}, plain.headers["ETag"]), (GZIP, small.headers["ETag"])):
        for known in (etag, f'"other", {etag}', "*"):
            answer = client.get(path, headers=headers | {"If-None-Match": known})
            assert (answer.status_code, answer.data) == (304, b"")
            assert answer.headers["ETag"] == etag
            assert "Accept-Encoding" in answer.vary
            assert "Content-Encoding" not in answer.headers
        assert client.get(path, headers=headers | {"If-None-Match": '"other"'}).status_code == 200
    part = client.get(CSS, headers=GZIP | {"Range": "bytes=0-9"})
    assert (part.status_code, part.data) == (206, client.get(CSS).data[:10])
    whole = client.get(
        CSS,
        headers={"Range": "bytes=0-9", "If-Range": client.get(CSS, headers=GZIP).headers["ETag"]},
    )
    assert whole.status_code == 200, "a part of another encoding would not fit"


def test_the_api_document_is_built_once(variant: Variant, monkeypatch: pytest.MonkeyPatch) -> None:
    from voyagent import routes  # noqa: PLC0415

    built: list[int] = []
    document: Callable[..., Any] = routes.document

    def counted(*args: Any, **kwargs: Any) -> Any:
        built.append(1)
        return document(*args, **kwargs)

    monkeypatch.setattr(routes, "document", counted)
    client = variant().test_client()
    first = client.get("/api/openapi.json")
    assert client.get("/api/openapi.json").data == first.data
    assert client.get("/api/docs").status_code == 200
    assert len(built) == 1
    assert first.headers["Cache-Control"] == "public, no-cache"


def test_a_file_is_compressed_once_however_its_path_is_spelled(app: Flask) -> None:
    client, name = app.test_client(), CSS.removeprefix("/static/")
    opened(client.get(CSS, headers=GZIP))
    known = len(compression._files)  # noqa: SLF001
    for spelling in (f"./{name}", f"x/../{name}", f"y/.././{name}"):
        opened(client.get(f"/static/{spelling}", headers=GZIP))
    assert len(compression._files) == known  # noqa: SLF001
