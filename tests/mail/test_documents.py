"""Contents of mails: text and HTML, language, and names that inject nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo

from tests.mail.conftest import LINK, Post
from tests.people import People, Person
from voyagent.mail.documents import _unlinked
from voyagent.mail.rules import KINDS, Kind, Value
from voyagent.mail.service import Attached, WrongMail

ROOT = Path(__file__).resolve().parents[2]
SAMPLES: dict[str, Value] = {
    "link": LINK,
    "hours": 24,
    "minutes": 60,
    "days": 7,
    "inviter": "Neha Kulkarni",
    "role": "accounting_lead",
    "address": "neha.new@sharma.example",
    "change": "replaced",
    "access": "suspended",
    "others": 2,
    "suspended": 1,
    "second_factor_off": True,
    "name": "Website",
    "prefix": "vy_3f9a",
    "api_keys": 2,
    "invitations": 1,
    "title": "Krishnan family, Dubai",
    "number": "2026-27/000042",
    "sender": "Neha Kulkarni",
    "reply_to": "neha@malabar.example",
    "seq": "1204",
    "head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "kid": "60303ae22b998861bce3b28f33eec1be",
}
HOSTILE = '<script>alert("x")</script>&\n%(agency)s {{ 7 * 7 }}'


class Words(HTMLParser):
    """The tags, the links and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in {"href", "src", "background", "action"}
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def values_of(kind: str) -> dict[str, Value]:
    return {name: SAMPLES[name] for name in KINDS[kind].values}


def posted(post: Post, person: Person, kind: str, *, locale: str = "en", **values: Any) -> Any:
    """Return subject, text and HTML of the mail that the driver got."""
    post.deliver(person, post.leave(person, kind, locale=locale, **(values_of(kind) | values)))
    message = post.recording.sent[-1]
    return (
        message,
        message.get_body(("plain",)).get_content(),
        message.get_body(("html",)).get_content(),
    )


@pytest.mark.parametrize("locale", ["en", "hi"])
@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_of_each_mail_have_the_same_content(
    post: Post, alice: Person, kind: str, locale: str
) -> None:
    message, text, html = posted(post, alice, kind, locale=locale)
    words = Words(html)
    assert str(message["To"]) == alice.email
    assert (
        str(message["From"]) == f"{'Alice Travels' if KINDS[kind].for_customer else 'Voyagent'}"
        " <no-reply@voyagent.invalid>"
    )
    assert message["Subject"]
    assert f'<html lang="{locale}">' in html
    if kind != "two_factor_changed":
        assert "Alice Travels" in text + message["Subject"]
    for line in filter(None, (line.strip() for line in text.replace("\r", "").split("\n"))):
        assert line == "--" or line in words.text, "the HTML lacks a sentence of the text"
    assert not re.search(r"[{}]|%\(", text + words.text), "something was not filled in"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_loads_nothing_and_links_only_to_the_site(
    post: Post, alice: Person, kind: str
) -> None:
    _, text, html = posted(post, alice, kind)
    words = Words(html)
    site = "http://127.0.0.1:5000"
    assert not {"img", "script", "style", "iframe", "form", "object", "svg"} & set(words.tags)
    assert set(words.addresses) == (
        set()
        if KINDS[kind].for_customer
        else {LINK, site}
        if "link" in KINDS[kind].values
        else {site}
    )
    assert set(re.findall(r"https?://\S+", text)) == set(words.addresses)


@pytest.mark.parametrize("change", ["on", "off", "replaced"])
def test_a_notice_states_the_change_of_two_factor_authentication(
    post: Post, alice: Person, change: str
) -> None:
    message, text, _ = posted(post, alice, "two_factor_changed", change=change)
    expected = {
        "on": "now also needs a code",
        "off": "no longer needs a code",
        "replaced": "come from another authenticator app",
    }
    assert {other for other, words in expected.items() if words in text} == {change}
    assert {"on": "switched on", "off": "switched off", "replaced": "was replaced"}[
        change
    ] in message["Subject"]


def test_the_old_address_is_notified_without_the_new_one(post: Post, alice: Person) -> None:
    message, text, html = posted(post, alice, "address_changed")
    for part in (text, html):
        assert "n***@sharma.example" in part
        assert "neha.new" not in part
    assert "neha" not in message.as_string()


def test_the_mail_states_how_long_the_link_is_valid(post: Post, alice: Person) -> None:
    assert "valid for 1 hour." in posted(post, alice, "verify_email", hours=1)[1]
    assert "valid for 24 hours." in posted(post, alice, "verify_email", hours=24)[1]


def test_a_mail_is_written_in_the_recipients_language(post: Post, alice: Person) -> None:
    with (ROOT / "translations/hi/LC_MESSAGES/messages.mo").open("rb") as file:
        role = read_mo(file).get("Administrator").string
    assert role
    assert role != "Administrator"
    for locale, word in (("hi", role), ("en", "Administrator"), ("fr", "Administrator")):
        _, text, html = posted(post, alice, "role_changed", locale=locale, role="agency_admin")
        assert word in text
        assert word in html


def test_every_sentence_of_every_mail_is_translatable(
    post: Post, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Hindi mail has only translated text, except for names."""
    asked: list[str] = []

    class Catalogue:
        def ugettext(self, sentence: str) -> str:
            asked.append(sentence)
            return "⟦⟧"

        def ungettext(self, one: str, _many: str, _n: int) -> str:
            asked.append(one)
            return "⟦⟧"

    monkeypatch.setattr("flask_babel.Domain.get_translations", lambda _self: Catalogue())
    for kind in KINDS:
        message, text, _ = posted(post, alice, kind, locale="hi")
        rest = re.sub(r"⟦⟧|https?://\S+|--", "", text + str(message["Subject"])).strip()
        assert rest == "", kind
    assert len(asked) > 2 * len(KINDS)


def test_a_name_with_markup_is_escaped(people: People, post: Post) -> None:
    mallory = people.sign_up("Mallory Owner", agency='<script>alert("x")</script>& Tours')
    _, text, html = posted(post, mallory, "invitation", inviter=HOSTILE)
    words = Words(html)
    assert "script" not in words.tags
    assert '<script>alert("x")</script>& Tours' in words.text
    assert '<script>alert("x")</script>& %(agency)s {{ 7 * 7 }}' in words.text
    assert '<script>alert("x")</script>& Tours' in text, "text is text"
    title = posted(post, mallory, "itinerary", title=HOSTILE)[0]
    assert "{{ 7 * 7 }}" in str(title["Subject"])


@pytest.mark.parametrize(
    "ending",
    [
        "\r\nBcc: all@example.com",
        "\nBcc: all@example.com",
        "\r\n\r\nanother body",
        "\x00",
        "\u2028Bcc: x",
        "\u202e",
    ],
)
def test_a_name_cannot_inject_a_header(people: People, post: Post, ending: str) -> None:
    alice = people.sign_up("Alice Owner", agency="Alice Travels")
    assert not re.search(
        r"[\x00\u2028\u202e]", posted(post, alice, "invitation", inviter=f"Neha{ending}")[1]
    )
    message, text, _ = posted(post, alice, "itinerary", title=f"Neha{ending}")
    raw = message.as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\r\nBcc" not in head
    assert message["Bcc"] is None
    assert message.get_all("Subject") == [message["Subject"]]
    assert str(message["Subject"]).startswith("Your itinerary: Neha")
    assert not re.search(r"[\x00\u2028\u202e]", text + message["Subject"])


def test_joiners_of_hindi_names_are_kept_and_long_names_cut(post: Post, alice: Person) -> None:
    name = "श्री\u200dकृष्ण"
    assert name in posted(post, alice, "invitation", inviter=name)[1]
    message, _, _ = posted(post, alice, "itinerary", title=name)
    assert name in str(message["Subject"])
    message, _, _ = posted(post, alice, "itinerary", title="N" * 5000)
    assert len(str(message["Subject"])) < 300


@pytest.mark.parametrize("locale", ["en", "hi"])
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.for_customer])
def test_no_words_of_a_person_are_in_the_subject_or_become_a_link(
    people: People, post: Post, kind: str, locale: str
) -> None:
    lure = "Reset your password at https://evil.example/now or mail me@evil.example"
    mallory = people.sign_up("Mallory Owner", agency=lure)
    chosen = {name: lure for name in ("inviter", "name") if name in KINDS[kind].values}
    message, text, html = posted(post, mallory, kind, locale=locale, **chosen)
    assert "evil" not in str(message["Subject"])
    assert "Reset your" not in str(message["Subject"])
    shown = Words(html)
    assert not any("evil" in address for address in shown.addresses)
    for body in (text, shown.text):
        assert "://evil" not in body
        assert "evil.example" not in body
        assert not re.search(r"\S@evil", body)


def test_the_subject_of_no_notice_depends_on_a_name() -> None:
    for kind in KINDS.values():
        if not kind.for_customer:
            subjects = [kind.subject] if isinstance(kind.subject, str) else kind.subject[1].values()
            assert not any("%(" in subject for subject in subjects)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("MakeMyTrip.com", "MakeMyTrip .com"),
        ("https://evil.example", "https: //evil .example"),
        ("me@evil.example", "me @evil .example"),
        ("St. Mary’s Tours, Thrissur", "St. Mary’s Tours, Thrissur"),
        ("S.K. & Sons", "S .K. & Sons"),
    ],
)
def test_a_name_that_looks_like_a_link_gets_a_space(words: str, shown: str) -> None:
    assert _unlinked(words) == shown


def test_the_name_of_a_key_is_shortened_and_no_link(post: Post, alice: Person) -> None:
    name = "Claim your prize at http://evil.example/1 before noon, dear colleague"
    for body in posted(post, alice, "api_key_created", name=name)[1:]:
        assert "“Claim your prize at http: //evil .example…”" in body
        assert "noon" not in body


def test_a_mail_is_marked_as_automatic_and_has_a_unique_id(post: Post, alice: Person) -> None:
    mail_id = post.leave(alice)
    post.deliver(alice, mail_id)
    message = post.recording.sent[-1]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{mail_id}@voyagent.invalid>"
    assert message["Date"].datetime == post.row(mail_id)["created_at"].replace(microsecond=0)


def test_a_mail_to_a_customer_has_its_sender_as_reply_to_and_the_document(
    post: Post, alice: Person
) -> None:
    with alice.acting():
        paper = Attached("itinerary.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")
        mail_id = post.outbox.send(
            to="deepa@example.com",
            kind="itinerary",
            locale="en",
            attached=paper,
            **values_of("itinerary"),
        )
    assert b"%PDF" not in post.row(mail_id)["sealed"]
    post.deliver(alice, mail_id)
    message = post.recording.sent[-1]
    assert str(message["Reply-To"]) == "neha@malabar.example"
    (document,) = message.iter_attachments()
    assert (document.get_filename(), document.get_content_type(), document.get_content()) == (
        paper.name,
        paper.media_type,
        paper.content,
    )
    assert post.row(mail_id)["sealed"] is None


def test_no_other_mail_has_an_attachment(post: Post, alice: Person) -> None:
    with alice.acting(), pytest.raises(WrongMail):
        post.outbox.send(
            to=alice.email,
            kind="recovery_codes_changed",
            locale="en",
            attached=Attached("a.pdf", "application/pdf", b""),
        )


def test_a_non_ascii_domain_is_encoded_for_mail_servers(post: Post, alice: Person) -> None:
    with alice.acting():
        mail_id = post.outbox.send(to="neha@bücher.de", kind="recovery_codes_changed", locale="en")
    post.deliver(alice, mail_id)
    assert str(post.recording.sent[-1]["To"]) == "neha@xn--bcher-kva.de"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_two_templates(kind: str) -> None:
    for ending in ("txt", "html"):
        assert (ROOT / "templates/mail" / f"{kind}.{ending}").exists()


def test_a_mail_is_sent_only_while_its_link_is_valid_and_for_a_week() -> None:
    def seconds(kind: Kind, **values: int) -> float:
        return kind.useful_for({**values}).total_seconds()

    assert seconds(KINDS["reset_password"], minutes=60) == 3600
    assert seconds(KINDS["verify_email"], hours=24) == 86400
    assert seconds(KINDS["invitation"], days=30) == 7 * 86400
    assert seconds(KINDS["recovery_codes_changed"]) == 7 * 86400
