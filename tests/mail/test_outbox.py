"""The outbox: mails are stored with their act, sent after the commit, and deleted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import mailbox
from tests.mail.conftest import LINK, Post
from tests.people import Person
from voyagent.kernel.db import db
from voyagent.kernel.keyring import SealBroken
from voyagent.kernel.tenancy import TenantNotBound
from voyagent.mail.models import Mail
from voyagent.mail.rules import KINDS
from voyagent.mail.service import Outbox, QueuedMail, WrongMail


def test_a_mail_is_sent_after_the_commit_of_its_act(
    app: Flask, alice: Person, outbox: Outbox
) -> None:
    with alice.acting():
        outbox.send(to=alice.email, kind="verify_email", locale="en", link=LINK, hours=24)
        assert mailbox.received(app, to=alice.email) == []
    got = mailbox.newest(app, to=alice.email, kind="verify_email")
    assert got.link == LINK
    assert got.token == "0123456789abcdef0123456789abcdef"
    assert got.subject == "Confirm your e-mail address"
    assert len(mailbox.received(app, to=alice.email)) == 1, "a mail that was sent is not sent again"


def test_a_mail_is_dropped_if_its_act_is_rolled_back(app: Flask, alice: Person, post: Post) -> None:
    with pytest.raises(LookupError), alice.acting():
        mail_id = post.outbox.send(to=alice.email, kind="recovery_codes_changed", locale="en")
        raise LookupError
    assert post.row(mail_id) is None
    assert post.queued(mail_id) == 0


HOUR_WORDS = "Further ones are left out for up to an hour."
DAY_WORDS = "left out for up to a day."


def notices(person: Person, outbox: Outbox, *, times: int, to: str = "", **given: Any) -> int:
    """Send notices in one act, of new recovery codes by default; return their number."""
    kind = given.pop("kind", "recovery_codes_changed")
    with person.acting():
        return sum(
            outbox.send(to=to or person.email, kind=kind, locale="en", **given) is not None
            for _ in range(times)
        )


def test_notices_above_the_limit_are_left_out_and_the_last_one_says_so(
    app: Flask, alice: Person, bob: Person, charlie: Person, outbox: Outbox
) -> None:
    assert notices(alice, outbox, times=15) == 10
    got = mailbox.received(app, to=alice.email, kind="recovery_codes_changed")
    assert [HOUR_WORDS in mail.text for mail in got] == [False] * 9 + [True]
    assert [HOUR_WORDS in mail.html for mail in got] == [False] * 9 + [True]
    assert notices(alice, outbox, times=1, kind="removed_from_agency") == 1
    assert notices(alice, outbox, times=1, to=bob.email) == 1
    assert notices(charlie, outbox, times=1, to=alice.email) == 1, "of another agency"


def test_an_address_gets_at_most_fifty_notices_a_day(
    app: Flask, alice: Person, outbox: Outbox
) -> None:
    sent = {
        kind: notices(alice, outbox, times=12, kind=kind, **values)
        for kind, values in {
            "recovery_codes_changed": {},
            "removed_from_agency": {},
            "session_reuse": {},
            "access_changed": {"access": "restored"},
            "role_changed": {"role": "agent", "api_keys": 0, "invitations": 0},
            "api_key_created": {"name": "Website", "prefix": "vy_abcdefgh_"},
        }.items()
    }
    assert list(sent.values()) == [10, 10, 10, 10, 10, 0]
    got = mailbox.received(app, to=alice.email)
    assert [DAY_WORDS in mail.text for mail in got] == [False] * 49 + [True]


def test_mails_that_are_no_notices_are_not_left_out(alice: Person, outbox: Outbox) -> None:
    """Their callers refuse above a limit."""
    assert notices(alice, outbox, times=12, kind="verify_email", link=LINK, hours=24) == 12


def test_every_mail_about_an_act_is_a_notice() -> None:
    refused_by_callers = {"verify_email", "reset_password", "invitation", "invoice", "itinerary"}
    assert {name for name, kind in KINDS.items() if not kind.is_notice} == {
        *refused_by_callers,
        "audit_statement",  # one a day
    }


def test_a_mail_requires_an_agency(app: Flask, outbox: Outbox) -> None:
    with app.app_context(), pytest.raises(TenantNotBound):
        outbox.send(to="neha@example.com", kind="recovery_codes_changed", locale="en")


def test_a_stored_mail_reveals_neither_recipient_nor_link(
    alice: Person, post: Post, owner_engine: sa.Engine
) -> None:
    mail_id = post.leave(
        alice, "invitation", link=LINK, inviter="Neha Kulkarni", role="viewer", days=7
    )
    with owner_engine.connect() as connection:
        stored = connection.scalar(
            sa.text("select mails::text || encode(sealed, 'escape') from mails where id = :id"),
            {"id": mail_id},
        )
        job = connection.scalar(
            sa.text("select args::text from procrastinate_jobs where args->>'mail_id' = :id"),
            {"id": str(mail_id)},
        )
    for secret in (alice.email, "0123456789abcdef", "Neha", "viewer"):
        assert secret not in stored
        assert secret not in job


def test_contents_cannot_be_decrypted_in_another_row(alice: Person, post: Post) -> None:
    one, other = (post.leave(alice, "verify_email", link=LINK, hours=hours) for hours in (1, 2))
    own = QueuedMail(
        one,
        "verify_email",
        "en",
        post.row(one)["sealed"],
        post.row(one)["created_at"],
        "Alice Travels",
    )
    assert post.outbox.unseal(own)[:2] == (alice.email, {"link": LINK, "hours": 1})
    with pytest.raises(SealBroken):
        post.outbox.unseal(dataclasses.replace(own, sealed=post.row(other)["sealed"]))


def test_contents_are_deleted_after_the_mail_is_sent(alice: Person, post: Post) -> None:
    mail_id = post.leave(alice, "verify_email", link=LINK, hours=24)
    assert post.row(mail_id)["sealed"] is not None
    post.deliver(alice, mail_id)
    stored = post.row(mail_id)
    assert stored["sealed"] is None
    assert stored["sent_at"] is not None
    assert (stored["kind"], stored["attempts"], stored["last_error"], stored["failed_at"]) == (
        "verify_email",
        1,
        None,
        None,
    )
    post.deliver(alice, mail_id)
    assert len(post.recording.sent) == 1


def test_another_agency_can_neither_read_nor_send_a_mail(
    alice: Person, bob: Person, charlie: Person, post: Post
) -> None:
    mail_id = post.leave(alice)
    with charlie.acting():
        assert db.session.scalars(sa.select(Mail)).all() == []
    post.deliver(charlie, mail_id)
    assert post.recording.sent == []
    assert post.row(mail_id)["attempts"] == 0
    with bob.acting():
        assert [mail.id for mail in db.session.scalars(sa.select(Mail))] == [mail_id]
    post.deliver(alice, mail_id)
    assert len(post.recording.sent) == 1


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("birthday", {}, "there is no such kind of mail"),
        ("verify_email", {"link": LINK}, "verify_email needs hours, link"),
        ("recovery_codes_changed", {"link": LINK}, "recovery_codes_changed needs no values"),
        ("verify_email", {"link": LINK, "hours": "24"}, "hours must be int"),
        ("verify_email", {"link": LINK, "hours": True}, "hours must be int"),
        ("role_changed", {"role": 7, "api_keys": 0, "invitations": 0}, "role must be str"),
        (
            "two_factor_changed",
            {"change": "secret-word", "api_keys": 0, "invitations": 0},
            "change must be one of off, on, replaced",
        ),
        (
            "verify_email",
            {"link": "http://evil.example/?token=secret-word", "hours": 24},
            "the link is not on this site",
        ),
        (
            "verify_email",
            {"link": "http://127.0.0.1:5000.evil.example/?token=secret-word", "hours": 24},
            "the link is not on this site",
        ),
        (
            "verify_email",
            {"link": "http://127.0.0.1:5000/x\nsecret-word", "hours": 24},
            "the link is not on this site",
        ),
    ],
)
def test_an_invalid_kind_or_value_raises_an_error(
    alice: Person, outbox: Outbox, kind: str, values: dict[str, Any], sentence: str
) -> None:
    with alice.acting(), pytest.raises(WrongMail, match=sentence) as refused:
        outbox.send(to=alice.email, kind=kind, locale="en", **values)
    assert "secret-word" not in str(refused.value)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "neha",
        "neha@example.com\nBcc: all@example.com",
        "neha@example.com\r\nBcc: all@example.com",
        "neha@example.com\x00",
        "neha@example.com, all@example.com",
        "Neha <neha@example.com>",
        "neha@example.com\u2028Bcc: all@example.com",
        "neha kulkarni@example.com",
    ],
)
def test_a_recipient_is_one_plain_address(alice: Person, outbox: Outbox, to: str) -> None:
    with (
        alice.acting(),
        pytest.raises(WrongMail, match="the recipient is not a single e-mail address"),
    ):
        outbox.send(to=to, kind="recovery_codes_changed", locale="en")
