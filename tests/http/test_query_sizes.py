"""Query strings and headers whose parsing would take long."""

from __future__ import annotations

import pytest
from flask import Flask, request

from tests.people import Person
from voyagent.http.intake import QUERY_PAIRS_MAX

MANY = "&".join(["a"] * (QUERY_PAIRS_MAX + 1))


def test_a_query_of_many_parameters_is_refused_and_not_parsed(app: Flask, alice: Person) -> None:
    client = app.test_client()
    assert client.get(f"/sign-in?{MANY}").status_code == 422
    assert client.get(f"/sign-in?{MANY[2:]}").status_code == 200
    assert client.get(f"/api/enquiries?{MANY}").status_code == 401
    answer = alice.api.get(f"/enquiries?{MANY}")
    assert (answer.status_code, '"query_too_long"' in answer.text) == (422, True)
    for query, number in ((MANY, 0), (MANY[2:], QUERY_PAIRS_MAX)):
        with app.test_request_context(f"/nowhere?{query}"):
            assert len(request.args.getlist("a")) == number


@pytest.mark.parametrize("tags", [1, 2000])
def test_only_the_first_preferences_of_a_client_are_read(app: Flask, tags: int) -> None:
    long = ",".join(["hi", *["en;q=0.5"] * tags])
    headers = {"Accept-Language": long, "Accept": long, "Accept-Encoding": long}
    with app.test_request_context("/", headers=headers):
        assert request.accept_languages.best == "hi"
        lists = (request.accept_languages, request.accept_mimetypes, request.accept_encodings)
        assert max(map(len, lists)) <= 60
