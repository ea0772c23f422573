"""Only a browser with a session of the operator sees the operator's pages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from tests.http.conftest import Variant, variant  # noqa: F401 - a fixture
from tests.identity.authenticators import standing_clock
from tests.identity.keys import make_key
from tests.operator.conftest import SIGN_IN, TOKEN, MakeJob, send
from tests.people import Person, csrf_token
from voyagent.http.operator_session import IDLE_MAX_S, LIFE_MAX_S
from voyagent.kernel.ids import new_id
from voyagent.kernel.limits import OPERATOR_TOKEN
from voyagent.operator.views import pages

PROTECTED = [
    (method, page.path) for page in pages.pages for method in page.methods if page.path != SIGN_IN
]
ACCESS = {"GET": 200, "POST": 303}


def open_path(client: FlaskClient, method: str, path: str, **headers: str) -> tuple[int, str]:
    """Request a page, with a CSRF token if it is a form, and return status and target."""
    if method == "POST":
        fields = {"csrf_token": csrf_token(client)}
        answer = client.post(path, data=fields, headers=headers)
    else:
        answer = client.get(path, headers=headers)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.fixture(params=PROTECTED, ids=" ".join)
def page(request: pytest.FixtureRequest, alice: Person, failed_job: MakeJob) -> tuple[str, str]:
    """Method and path of a page, with records that exist."""
    method, path = request.param
    ids = {"<tenant_id>": str(alice.actor.tenant_id), "<int:job_id>": str(failed_job(alice))}
    for name, value in ids.items():
        path = path.replace(name, value)
    return method, path


def test_without_a_token_there_is_no_page(app: Flask, alice: Person, page: tuple[str, str]) -> None:
    assert open_path(alice.browser, *page)[0] == 404
    assert app.test_client().get(SIGN_IN).status_code == 404


def test_a_session_opens_every_page(operator: FlaskClient, page: tuple[str, str]) -> None:
    status, target = open_path(operator, *page)
    assert status == ACCESS[page[0]]
    assert target == (SIGN_IN if page[1].endswith("sign-out") else target)


def test_nobody_else_sees_a_page(site: Flask, alice: Person, page: tuple[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {alice.access_token}"}
    assert open_path(site.test_client(), *page) == (303, SIGN_IN)
    assert open_path(site.test_client(), *page, **bearer) == (303, SIGN_IN)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert open_path(site.test_client(), *page, **bearer) == (303, SIGN_IN)
    administrator = site.test_client()
    cookie = alice.browser.get_cookie("voyagent_session")
    assert cookie is not None
    administrator.set_cookie("voyagent_session", cookie.value)
    assert administrator.get("/team").status_code == 200
    assert open_path(administrator, *page) == (303, SIGN_IN)


def test_an_api_key_opens_no_page(site: Flask, alice: Person, page: tuple[str, str]) -> None:
    _id, key = make_key(alice)
    for header, value in (("X-API-Key", key), ("Authorization", f"Bearer {key}")):
        assert open_path(site.test_client(), *page, **{header: value}) == (303, SIGN_IN)


def test_every_form_needs_a_csrf_token(operator: FlaskClient, page: tuple[str, str]) -> None:
    if page[0] == "POST":
        assert operator.post(page[1], data={}).status_code == 400


def test_a_wrong_token_is_refused_without_a_session(site: Flask) -> None:
    client = site.test_client()
    for wrong in (TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "\x00", "é"):
        answer = send(client, SIGN_IN, token=wrong)
        assert (answer.status_code, client.get_cookie("voyagent_operator", path="/operator")) == (
            422,
            None,
        )
        assert "This is not the token of this installation." in answer.text or wrong == "\x00"
        assert TOKEN not in answer.text
    assert send(client, SIGN_IN).status_code == 422


def test_wrong_tokens_are_limited_and_lock_nobody_out(variant: Variant) -> None:  # noqa: F811
    client = variant(operator_token=SecretStr(TOKEN), limit_scale=1.0).test_client()
    first = OPERATOR_TOKEN.address[0].amount
    statuses = [send(client, SIGN_IN, token="wrong").status_code for _ in range(first + 1)]
    assert statuses == [422] * first + [429]
    assert send(client, SIGN_IN, token=TOKEN).status_code == 303


def test_the_cookie_is_for_these_pages_only(variant: Variant) -> None:  # noqa: F811
    app = variant(operator_token=SecretStr(TOKEN), public_url="https://voyagent.example")
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    answer = client.post(
        SIGN_IN,
        data={"csrf_token": csrf_token(client), "token": TOKEN},
        headers={"Referer": "https://localhost/operator/sign-in"},
    )
    (cookie,) = [
        line for line in answer.headers.getlist("Set-Cookie") if "voyagent_operator" in line
    ]
    name, _, attributes = cookie.partition(";")
    assert name.startswith("__Secure-voyagent_operator=")
    assert {part.strip() for part in attributes.split(";")} == {
        "Secure",
        "HttpOnly",
        "Path=/operator",
        "SameSite=Strict",
    }


def test_a_session_ends_after_half_an_hour_without_a_request(operator: FlaskClient) -> None:
    with standing_clock() as traveller:
        assert operator.get("/operator").status_code == 200
        traveller.shift(IDLE_MAX_S)
        assert operator.get("/operator").status_code == 200
        traveller.shift(IDLE_MAX_S + 1)
        assert operator.get("/operator").status_code == 303


def test_a_session_ends_after_twelve_hours(site: Flask) -> None:
    client = site.test_client()
    with standing_clock() as traveller:
        traveller.shift(60)  # after the sign-outs of earlier tests
        send(client, SIGN_IN, token=TOKEN)
        for _ in range(LIFE_MAX_S // IDLE_MAX_S):
            traveller.shift(IDLE_MAX_S)
            assert client.get("/operator/jobs").status_code == 200
        traveller.shift(1)
        assert client.get("/operator/jobs").status_code == 303


def test_a_new_token_ends_sessions(operator: FlaskClient, variant: Variant) -> None:  # noqa: F811
    cookie = operator.get_cookie("voyagent_operator", path="/operator")
    assert cookie is not None
    for token, status in ((TOKEN, 200), (f"{TOKEN}-new", 303)):
        client = variant(operator_token=SecretStr(token)).test_client()
        client.set_cookie("voyagent_operator", cookie.value, path="/operator")
        assert client.get("/operator").status_code == status


def test_a_changed_cookie_is_refused(operator: FlaskClient) -> None:
    cookie = operator.get_cookie("voyagent_operator", path="/operator")
    assert cookie is not None
    for value in (cookie.value[:-2], f"x{cookie.value}", "", "W10.x"):
        operator.set_cookie("voyagent_operator", value, path="/operator")
        assert operator.get("/operator").status_code == 303


def test_signing_out_ends_the_session(operator: FlaskClient) -> None:
    assert send(operator, "/operator/sign-out").headers["Location"] == SIGN_IN
    assert operator.get("/operator").status_code == 303


def test_signing_out_ends_a_copied_cookie(site: Flask, operator: FlaskClient) -> None:
    cookie = operator.get_cookie("voyagent_operator", path="/operator")
    assert cookie is not None
    thief = site.test_client()
    thief.set_cookie("voyagent_operator", cookie.value, path="/operator")
    assert thief.get("/operator").status_code == 200
    thief.set_cookie("voyagent_operator", cookie.value, path="/operator")
    send(operator, "/operator/sign-out")
    assert thief.get("/operator").status_code == 303


def test_an_operator_is_no_person_of_an_agency(operator: FlaskClient) -> None:
    for path in ("/", "/team", f"/audit?open={new_id()}"):
        assert operator.get(path).headers["Location"].startswith("/sign-in")
