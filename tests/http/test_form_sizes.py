"""Forms that are refused before they are parsed.

Anybody may send a form to a public page, so a form must not take long to parse.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask

from tests.people import Person, csrf, csrf_token
from tests.settings.pictures import picture
from voyagent.billing.core.forms.drafts import LinesField
from voyagent.billing.core.forms.instalments import InstalmentsField
from voyagent.billing.core.service.pricing import LINES_MAX
from voyagent.http.intake import AUTH_BODY_BYTES_MAX, FIELDS_MAX, PARTS_MAX

FORM = "application/x-www-form-urlencoded"


def status_of(client: Any, address: str, raw: bytes, **options: Any) -> int:
    answer = client.post(address, data=raw, content_type=FORM, **options)
    return int(answer.status_code)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the length of each form that is parsed."""
    lengths: list[int] = []

    def record(text: str, **options: Any) -> Any:
        lengths.append(len(text))
        return parse_qsl(text, **options)

    monkeypatch.setattr("werkzeug.formparser.parse_qsl", record)
    return lengths


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"&".join([b"a"] * (FIELDS_MAX + 1)), 413),
        (b"a=" + b"x" * AUTH_BODY_BYTES_MAX, 413),
        (b"a=" + b"%FF" * 9000, 400),
        (b"a=%E0%A4x%A8", 400),
    ],
    ids=["fields", "bytes", "not UTF-8", "split character"],
)
def test_a_public_page_refuses_a_large_or_damaged_form_unparsed(
    app: Flask, parsed: list[int], raw: bytes, status: int
) -> None:
    client = app.test_client()
    assert status_of(client, "/sign-in", raw) == status
    length = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    chunked = {"input_stream": BytesIO(raw), "content_type": FORM, "environ_overrides": length}
    assert client.post("/sign-in", **chunked).status_code == status
    assert client.get("/sign-in", data=raw, content_type=FORM).status_code == status
    assert parsed == []


def test_a_public_page_takes_no_form_with_files(app: Flask) -> None:
    answer = app.test_client().post("/sign-in", data={"a": "1"}, content_type="multipart/form-data")
    assert answer.status_code == 415
    assert app.test_client().get("/sign-in", content_type="text/plain").status_code == 200


def test_a_page_for_signed_in_people_parses_no_form_of_a_stranger(
    app: Flask, parsed: list[int]
) -> None:
    answer = app.test_client().post("/enquiries/new", data={"customer_name": "a\x00b"})
    assert (answer.status_code, parsed) == (303, [])
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_the_largest_form_is_accepted_and_one_of_more_fields_is_not(alice: Person) -> None:
    """A document of 200 lines has each input that a line has on any page."""
    browser = alice.browser
    line = {"description": "नमस्ते", "quantity": "1", "unit_price": "10"}
    rows = {name: [line.get(name, "")] * LINES_MAX for name in LinesField.names + LinesField.also}
    parts = dict.fromkeys(InstalmentsField.names, [""] * InstalmentsField.most)
    rest = {"customer_name": "Asha Rao", "currency": "INR", "due_date": "10 Jun 2030"}
    form = rows | parts | rest | {"csrf_token": csrf(browser, "/invoices/new")}
    assert browser.post("/invoices/new", data=form).status_code == 303
    fields = ["x"] * (FIELDS_MAX - 1)
    form = {"x": fields, "csrf_token": csrf_token(browser)}
    assert browser.post("/invoices/new", data=form).status_code == 422
    form["x"] = [*fields, "x"]
    assert browser.post("/invoices/new", data=form).status_code == 413


@pytest.mark.parametrize(
    ("parts", "status"),
    [(PARTS_MAX - 2, 303), (PARTS_MAX - 1, 413)],
)
def test_a_form_with_files_has_few_parts(alice: Person, parts: int, status: int) -> None:
    browser = alice.browser
    fields = {"x": ["x"] * parts, "csrf_token": csrf(browser, "/settings")}
    answer = browser.post("/settings/logo", data=fields | {"logo": (BytesIO(picture()), "x.png")})
    assert answer.status_code == status
