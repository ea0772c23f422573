"""A reprint of an invoice or credit note is the file that was issued."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.audit.conftest import untied
from tests.billing.papers import DUE, ISSUED, draft, issue, issued, line, pay, plan
from tests.mailbox import newest
from tests.paper_text import text_of
from tests.people import Person
from voyagent.billing.core.queries import kept_papers as kept_queries
from voyagent.billing.core.service import kept_papers
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.paper.documents import kept
from voyagent.kernel import jobs, limits
from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.money import Money
from voyagent.reports.queries import checks
from voyagent.settings.service import tenant_settings as settings

Drain = Callable[[], None]


def address(person: Person, words: str) -> None:
    person.does(lambda actor: settings.update(actor, {"address": words}).address)


def printed(person: Person, path: str) -> bytes:
    answer = person.tab.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    return answer.data


def of_invoice(invoice_id: UUID, query: str = "") -> str:
    return f"/invoices/{invoice_id}/invoice.pdf{query}"


def of_note(note_id: UUID, query: str = "") -> str:
    return f"/credit-notes/{note_id}/credit-note.pdf{query}"


def credited(person: Person, invoice_id: UUID) -> UUID:
    return person.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor, invoice_id, reason="Not needed", on=DUE, amounts={1: Money(50_000, "INR")}
            ).id
        )
    )


def rows(engine: sa.Engine, person: Person) -> list[Any]:
    with engine.connect() as connection:
        query = sa.text("select * from kept_papers where tenant_id = :t order by id")
        return list(connection.execute(query, {"t": person.actor.tenant_id}))


# A reprint
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_a_reprint_is_the_file_that_a_job_kept_after_the_issue(
    alice: Person,
    drain: Drain,
    owner_engine: sa.Engine,
    typeset: list[dict[str, Any]],
    kind: str,
) -> None:
    address(alice, "12 Marine Drive")
    invoice_id = issued(alice)
    path = of_invoice(invoice_id) if kind == "invoice" else of_note(credited(alice, invoice_id))
    drain()
    (row,) = (row for row in rows(owner_engine, alice) if row.kind == kind)
    times = len(typeset)
    address(alice, "1 New Road")
    pay(alice, invoice_id, 20_000)
    first, again = printed(alice, path), printed(alice, f"{path}?locale=hi")
    assert first == again
    assert "12 Marine Drive" in text_of(first)
    assert hashlib.sha256(first).digest() == row.sha256
    assert row.locale == "en"
    assert len(typeset) == times, "a reprint is not typeset"
    answer = alice.api.get(path)
    assert (answer.data, answer.headers["ETag"]) == (first, f'"{row.sha256.hex()}"')


def test_a_print_before_the_job_keeps_the_file(
    alice: Person, victor: Person, drain: Drain, owner_engine: sa.Engine
) -> None:
    invoice_id = issued(alice)
    first = printed(victor, of_invoice(invoice_id))
    address(alice, "1 New Road")
    drain()
    assert printed(alice, of_invoice(invoice_id)) == first
    assert len(rows(owner_engine, alice)) == 1


def test_the_job_and_a_request_make_the_same_file(
    alice: Person, drain: Drain, typeset: list[dict[str, Any]]
) -> None:
    alice.does(lambda actor: settings.update(actor, {"locale": "hi"}).locale)
    invoice_id = issued(alice, line("123456.78", currency="USD"))
    printed(alice, of_invoice(invoice_id))
    issued(alice, line("123456.78", currency="USD"))
    drain()
    by_request, by_job = typeset[-2:]
    numbers = {"number": "", "footer": ""}
    assert by_request["lang"] == "hi"
    assert by_request | numbers == by_job | numbers


def test_two_prints_at_the_same_moment_keep_one_file(
    alice: Person,
    owner_engine: sa.Engine,
    typeset: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoice_id, both = issued(alice), Barrier(2)
    lock = kept_papers.lock_document

    def meet(kind: Any, document_id: UUID) -> None:
        both.wait(10)
        lock(kind, document_id)

    def print_it(_number: int) -> bytes:
        with alice.acting():
            return kept.keep("invoice", invoice_id)

    monkeypatch.setattr(kept_papers, "lock_document", meet)
    with ThreadPoolExecutor(2) as pool:
        files = list(pool.map(print_it, range(2)))
    (row,) = rows(owner_engine, alice)
    assert [hashlib.sha256(one).digest() for one in files] == [row.sha256] * 2
    assert len(typeset) == 1


def test_a_kept_file_is_for_members_of_the_agency(alice: Person, charlie: Person) -> None:
    invoice_id = issued(alice)
    path = of_note(credited(alice, invoice_id))
    printed(alice, of_invoice(invoice_id))
    printed(alice, path)
    for one in (of_invoice(invoice_id), path):
        for query in ("", "?copy=issued"):
            assert charlie.tab.get(one + query).status_code == 404
            assert charlie.api.get(one + query).status_code == 404


def test_the_mail_of_an_invoice_has_the_kept_file(alice: Person) -> None:
    invoice_id = issued(alice)
    with alice.acting() as actor, alice.app.test_request_context():
        kept.mail_invoice(actor, invoice_id, to="kept@example.com", locale="hi")
    pay(alice, invoice_id, 100)
    mail = newest(alice.app, to="kept@example.com", kind="invoice")
    (attached,) = mail.message.iter_attachments()
    assert attached.get_content() == printed(alice, of_invoice(invoice_id))


def test_a_mail_that_is_refused_typesets_nothing(
    alice: Person, typeset: list[dict[str, Any]]
) -> None:
    def opening(actor: Actor) -> UUID:
        return issuing.import_open_invoice(
            actor,
            party_name="Deepa Krishnan",
            reference="OLD-7",
            issue_date=ISSUED,
            due_date=DUE,
            amount=Money(50_000, "INR"),
        ).id

    invoice_id = alice.does(opening)

    def mail() -> None:
        with alice.acting() as actor, alice.app.test_request_context():
            kept.mail_invoice(actor, invoice_id, to="refused@example.com", locale="en")

    for _ in range(limits.DOCUMENT_MAIL.account[0].amount):
        mail()
    sent = len(typeset)
    with pytest.raises(TooManyRequests):
        mail()
    assert len(typeset) == sent > 0


# As it was issued
# --------------------------------------------------------------------------------


def test_a_first_print_after_payments_is_as_issued(
    alice: Person, typeset: list[dict[str, Any]]
) -> None:
    dues = plan((DUE, "100.00"), (DUE + timedelta(days=9), "400.00"))
    invoice_id = issued(alice, line("500", quantity=1), instalments=dues)
    pay(alice, invoice_id, 20_000)
    printed(alice, of_invoice(invoice_id))
    given = typeset[-1]
    assert given["settled"] == []
    assert given["due"] == {"label": "Amount due", "amount": "₹500.00"}
    assert given["facts"][1] == {"label": "Due", "value": "25 June 2024"}
    assert [one["amount"] for one in given["plan"]] == ["100.00", "400.00"]


def test_the_settlement_is_titled_apart_and_follows_the_payments(
    alice: Person, typeset: list[dict[str, Any]]
) -> None:
    invoice_id = issued(alice)
    plain = printed(alice, of_invoice(invoice_id))
    pay(alice, invoice_id, 20_000)
    answer = alice.api.get(of_invoice(invoice_id, "?copy=settlement"))
    assert answer.data != plain
    assert 'filename="settlement-2024-25-000001.pdf"' in answer.headers["Content-Disposition"]
    given = typeset[-1]
    assert given["title"] == "Settlement of invoice"
    assert given["notes"].startswith("This is not an invoice.")
    assert [one["amount"] for one in given["settled"]] == ["−200.00"]
    assert alice.api.get(of_invoice(invoice_id, "?copy=other")).status_code == 422
    assert alice.api.get(of_note(invoice_id, "?copy=settlement")).status_code == 422


def test_a_void_invoice_has_a_stamp_and_its_issued_file_stays(
    alice: Person, drain: Drain, typeset: list[dict[str, Any]]
) -> None:
    invoice_id = issued(alice)
    first = printed(alice, of_invoice(invoice_id))
    alice.does(issuing.void_invoice, invoice_id, reason="Twice")
    assert printed(alice, of_invoice(invoice_id)) != first
    assert (typeset[-1]["stamp"], typeset[-1]["due"], typeset[-1]["bank"]) == ("Void", None, "")
    assert printed(alice, of_invoice(invoice_id, "?copy=issued")) == first
    other = issued(alice)
    alice.does(issuing.void_invoice, other, reason="Twice")
    drain()
    assert typeset[-1]["stamp"] == "", "the job keeps it as it was issued"


def test_a_reversed_credit_note_has_a_stamp_and_its_issued_file_stays(
    alice: Person, typeset: list[dict[str, Any]]
) -> None:
    note_id = credited(alice, issued(alice))
    first = printed(alice, of_note(note_id))
    alice.does(credit_note_service.reverse_credit_note, note_id, reason="Twice", on=DUE)
    assert printed(alice, of_note(note_id)) != first
    assert typeset[-1]["stamp"] == "Reversed"
    assert printed(alice, of_note(note_id, "?copy=issued")) == first


def test_drafts_and_opening_balances_are_typeset_each_time(
    alice: Person, drain: Drain, owner_engine: sa.Engine, typeset: list[dict[str, Any]]
) -> None:
    draft_id = draft(alice)
    opening_id = alice.does(
        lambda actor: (
            issuing.import_open_invoice(
                actor,
                party_name="Deepa Krishnan",
                reference="OLD-7",
                issue_date=ISSUED,
                due_date=DUE,
                amount=Money(50_000, "INR"),
            ).id
        )
    )
    drain()
    pay(alice, opening_id, 20_000)
    for invoice_id in (draft_id, opening_id):
        for query in ("", "?copy=issued", "?copy=settlement"):
            printed(alice, of_invoice(invoice_id, query))
            assert typeset[-1]["title"] != "Settlement of invoice"
    assert [one["amount"] for one in typeset[-1]["settled"]] == ["−200.00"]
    assert len(typeset) == 6
    assert rows(owner_engine, alice) == []


# On the pages, and in the checks
# --------------------------------------------------------------------------------


def test_the_pages_show_the_hash_of_the_kept_file(alice: Person) -> None:
    invoice_id = issued(alice)
    note_id = credited(alice, invoice_id)
    for page, path in (
        (f"/invoices/{invoice_id}", of_invoice(invoice_id)),
        (f"/credit-notes/{note_id}", of_note(note_id)),
    ):
        assert "SHA-256" not in alice.tab.get(page).text
        sha256 = hashlib.sha256(printed(alice, path)).hexdigest()
        assert sha256 in alice.tab.get(page).text


def test_kept_files_are_never_changed(
    alice: Person, owner_engine: sa.Engine, app_engine: sa.Engine
) -> None:
    printed(alice, of_invoice(issued(alice)))
    bound = sa.text("select set_config('app.tenant', :t, true)")
    forbidden = {
        "update kept_papers set sha256 = sha256": "permission denied",
        "delete from kept_papers": "permission denied",
    }
    guarded = {
        "update kept_papers set locale = 'hi'": "cannot be changed",
        "delete from kept_papers": "cannot be changed",
        "truncate kept_papers": "append-only",
    }
    for engine, statements in ((app_engine, forbidden), (owner_engine, guarded)):
        for statement, words in statements.items():
            with pytest.raises(sa.exc.DBAPIError, match=words), engine.begin() as connection:
                connection.execute(bound, {"t": str(alice.actor.tenant_id)})
                connection.execute(sa.text(statement))


def test_a_changed_file_is_found_by_the_check_of_the_books(
    alice: Person, owner_engine: sa.Engine
) -> None:
    right, wrong, swapped = (issued(alice) for _ in range(3))
    for invoice_id in (right, wrong, swapped):
        printed(alice, of_invoice(invoice_id))

    def found() -> set[str]:
        with alice.app.app_context():
            return {str(one) for one in checks.run(alice.actor.tenant_id)}

    assert found() == set()
    with untied(owner_engine) as connection:
        for statement, invoice_id in (
            ("update kept_papers set sha256 = sha256('other')", wrong),
            (
                "update kept_papers set content = (select content from kept_papers where"
                f" document_id = '{right}')",
                swapped,
            ),
        ):
            connection.execute(sa.text(f"{statement} where document_id = :d"), {"d": invoice_id})
    assert found() == {
        f"papers: invoice {one}: the kept PDF is not the issued one" for one in (wrong, swapped)
    }


def test_the_check_of_the_books_reads_one_file_at_a_time(alice: Person) -> None:
    for _ in range(3):
        printed(alice, of_invoice(issued(alice)))
    sizes: list[int] = []
    with alice.reading() as reader:
        plain = reader.read

        def read(*statements: Any) -> Any:
            found = plain(*statements)
            sizes.append(sum("content" in row for rows in found for row in rows))
            return found

        reader.read = read
        assert list(kept_queries.wrong_papers(reader)) == []
    assert (max(sizes), sum(sizes)) == (1, 3)


def test_an_issue_defers_one_job(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "defer", lambda name, **given: deferred.append((name, given)))
    invoice_id = draft(alice)
    issue(alice, invoice_id)
    assert deferred == [
        (
            "billing.keep_paper",
            {
                "tenant_id": str(alice.actor.tenant_id),
                "kind": "invoice",
                "document_id": str(invoice_id),
            },
        )
    ]
