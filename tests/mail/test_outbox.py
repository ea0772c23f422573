"""The outbox: a mail comes with the act that causes it, is sent after the commit, and is forgotten once it is sent."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import mailbox
from tests.people import Person
from voyagent.mail.service import Outbox

LINK = "http://127.0.0.1:5000/verify-email?token=0123456789abcdef0123456789abcdef"


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    return app.extensions["voyagent.outbox"]


def test_a_mail_is_sent_once_the_act_has_committed(app: Flask, alice: Person, outbox: Outbox) -> None:
    with alice.acting():
        outbox.send(to=alice.email, kind="verify_email", locale="en", link=LINK, hours=24)
        assert mailbox.received(app, to=alice.email, kind="verify_email") == []
    got = mailbox.newest(app, to=alice.email, kind="verify_email")
    assert got.link == LINK
    assert got.token == "0123456789abcdef0123456789abcdef"
    assert "Alice Travels" in got.text
