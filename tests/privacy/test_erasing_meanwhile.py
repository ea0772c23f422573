"""Erase a person while somebody posts under the person's name.

Either the erasure has what the other transaction wrote, or it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, ISSUED, issued, line, pay
from tests.ledger.books import inr, post, sale
from tests.paper_text import text_of
from tests.people import Person
from tests.privacy.people import NAME
from tests.trips.things import keyring
from voyagent.billing.invoices.service import drafts
from voyagent.billing.paper.documents import kept
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import payments, reversals
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger.queries import entries as entry_queries
from voyagent.ledger.service import entries
from voyagent.parties.service import parties
from voyagent.parties.service.parties import PartyInBooks
from voyagent.privacy.errors import PersonHasOpenRecords
from voyagent.privacy.service import erasure, links

BOOKS = (
    *("invoices", "bills", "payments", "credit_notes", "supplier_credits", "postings"),
    *("ageing_by_party", "party_open_balances", "advances_by_party"),
)
MINOR = 45_000_00


def a_payer(person: Person) -> tuple[UUID, UUID, UUID]:
    """Create a paid invoice; return the ids of party, invoice and payment."""
    party_id = person.does(lambda actor: parties.create(actor, name=NAME, is_customer=True).id)
    invoice_id = issued(person, customer_name=NAME)
    return party_id, invoice_id, pay(person, invoice_id, MINOR)


def erase(person: Person, party_id: UUID) -> str:
    return person.does(
        lambda actor: erasure.erase(keyring(person), actor, party_id, reason="asked").pseudonym
    )


def named(engine: sa.Engine, person: Person) -> set[str]:
    """Return the tables of the books with the person's name."""
    with engine.connect() as connection:
        return {
            table
            for table in BOOKS
            if connection.scalar(
                sa.text(f"select count(*) from {table} where tenant_id = :t and party_key = :k"),
                {"t": person.actor.tenant_id, "k": NAME.lower()},
            )
        }


@contextmanager
def meanwhile(
    person: Person, engine: sa.Engine, act: Callable[[Actor], Any], other: Callable[[], Any]
) -> Iterator[Future[Any]]:
    """Run `other` in a thread between `act` and its commit."""
    with ThreadPoolExecutor(1) as pool:
        with person.acting() as actor:
            act(actor)
            found = pool.submit(other)
            _wait_until_blocked(engine, found)
        yield found


def _wait_until_blocked(engine: sa.Engine, other: Future[Any]) -> None:
    waiting = sa.text(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and cardinality(pg_blocking_pids(pid)) > 0"
    )
    until = monotonic() + 10
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while monotonic() < until and not other.done():
            if connection.scalar(waiting):
                return
            sleep(0.02)


def reverse(actor: Actor, payment_id: UUID) -> None:
    reversals.reverse_payment(actor, payment_id, reason=f"because {NAME}")


def draft(actor: Actor) -> None:
    drafts.draft_invoice(
        actor, customer_name=NAME, issue_date=ISSUED, due_date=DUE, line_items=[line()]
    )


def deposit(actor: Actor) -> None:
    payments.record_payment(
        actor, direction="in", party_name=NAME.upper(), amount=Money(300, "INR"), on=DUE
    )


def kept_files(engine: sa.Engine, person: Person) -> list[bytes]:
    with engine.connect() as connection:
        query = sa.text("select sha256 from kept_papers where tenant_id = :t")
        return list(connection.scalars(query, {"t": person.actor.tenant_id}))


@pytest.mark.parametrize("by_mention", [False, True])
def test_a_pdf_that_is_kept_meanwhile_does_not_stay(
    alice: Person, owner_engine: sa.Engine, *, by_mention: bool
) -> None:
    party_id, invoice_id, _payment_id = a_payer(alice)
    if by_mention:  # only a line of another customer's invoice names the person
        invoice_id = issued(alice, line(description=f"Visa for {NAME}"), customer_name="Acme")
        alice.does(links.confirm, party_id, kind="invoice", record_id=invoice_id)

    def keep(_actor: Actor) -> None:
        kept.keep("invoice", invoice_id)
        assert len(kept_files(owner_engine, alice)) == 0, "not yet committed"

    with meanwhile(alice, owner_engine, keep, lambda: erase(alice, party_id)) as erased:
        assert erased.result()
    assert kept_files(owner_engine, alice) == []


@pytest.mark.parametrize("by_mention", [False, True])
def test_a_pdf_that_waits_for_an_erasure_has_the_pseudonym(
    alice: Person, owner_engine: sa.Engine, *, by_mention: bool
) -> None:
    party_id, invoice_id, _payment_id = a_payer(alice)
    if by_mention:
        invoice_id = issued(alice, line(description=f"Visa for {NAME}"), customer_name="Acme")
        alice.does(links.confirm, party_id, kind="invoice", record_id=invoice_id)

    def erase_now(actor: Actor) -> None:
        erasure.erase(keyring(alice), actor, party_id, reason="asked")

    def keep() -> bytes:
        with alice.acting():
            return kept.keep("invoice", invoice_id)

    with meanwhile(alice, owner_engine, erase_now, keep) as printed:
        text = text_of(printed.result())
    assert NAME not in text
    assert "Person" in text
    assert len(kept_files(owner_engine, alice)) == 1


@pytest.mark.parametrize("act", [draft, deposit])
def test_an_erasure_is_refused_if_a_document_is_added_meanwhile(
    alice: Person, owner_engine: sa.Engine, act: Callable[[Actor], None]
) -> None:
    party_id, _invoice_id, _payment_id = a_payer(alice)
    before = named(owner_engine, alice)
    with (
        meanwhile(alice, owner_engine, act, lambda: erase(alice, party_id)) as erased,
        pytest.raises(PersonHasOpenRecords),
    ):
        erased.result()
    assert named(owner_engine, alice) >= before > set()
    assert alice.api.get(f"/parties/{party_id}").json["name"] == NAME


def test_an_erasure_waits_for_the_reversal_of_a_payment_and_is_refused(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, _invoice_id, payment_id = a_payer(alice)
    with (
        meanwhile(
            alice,
            owner_engine,
            lambda actor: reverse(actor, payment_id),
            lambda: erase(alice, party_id),
        ) as erased,
        pytest.raises(PersonHasOpenRecords),
    ):
        erased.result()
    assert alice.api.get(f"/parties/{party_id}").json["name"] == NAME


def test_a_reversal_waits_for_an_erasure_and_has_the_pseudonym(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id, invoice_id, payment_id = a_payer(alice)
    with meanwhile(
        alice,
        owner_engine,
        lambda actor: erasure.erase(keyring(alice), actor, party_id, reason="asked"),
        lambda: alice.does(
            lambda actor: reversals.reverse_payment(actor, payment_id, reason="bounced").id
        ),
    ) as reversed_:
        assert reversed_.result() == payment_id
    assert named(owner_engine, alice) == set()
    pseudonym = alice.api.get(f"/parties/{party_id}").json["name"]
    assert alice.api.get(f"/invoices/{invoice_id}").json["status"] == "issued"
    with owner_engine.connect() as connection:
        (found,) = connection.scalars(
            sa.text(
                "select distinct party_name from postings where tenant_id = :t and party_name is"
                " not null"
            ),
            {"t": alice.actor.tenant_id},
        )
    assert found == pseudonym


def test_the_reversal_of_an_entry_that_lost_its_name_is_repeated(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reversal has read the lines of the entry when the person is erased."""
    party_id, _invoice_id, _payment_id = a_payer(alice)
    entry_id = post(alice, sale(inr(100)), source_type="journal").entry_id
    read, erased = entry_queries.get_lines, []

    def read_and_erase(one: UUID) -> Any:
        lines = read(one)
        if not erased:
            with ThreadPoolExecutor(1) as pool:
                erased.append(pool.submit(erase, alice, party_id).result())
        return lines

    monkeypatch.setattr(entry_queries, "get_lines", read_and_erase)
    with pytest.raises(sa.exc.OperationalError, match="another name now"):
        alice.does(entries.reverse, entry_id, reason="wrong")
    assert named(owner_engine, alice) == set()
    reversal = alice.does(entries.reverse, entry_id, reason="wrong")
    with alice.acting():
        assert {one.party_name for one in entry_queries.get_lines(reversal.entry_id)} == {
            *erased,
            None,
        }


def test_an_erasure_that_would_leave_the_name_is_refused(
    alice: Person, owner_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    party_id, _invoice_id, payment_id = a_payer(alice)
    monkeypatch.setattr(erasure, "_STEPS_IN_BOOKS", ())
    with pytest.raises(PersonHasOpenRecords):
        erase(alice, party_id)
    assert "postings" in named(owner_engine, alice)
    with alice.acting():
        assert payment_queries.get_payment(payment_id).party_name == NAME


def test_other_parties_are_not_kept_waiting(alice: Person, owner_engine: sa.Engine) -> None:
    party_id, _invoice_id, _payment_id = a_payer(alice)
    done = []

    def other(actor: Actor) -> None:
        erasure.erase(keyring(alice), actor, party_id, reason="asked")
        with ThreadPoolExecutor(1) as pool:
            done.append(pool.submit(issued, alice, customer_name="Rajiv Menon").result())

    alice.does(other)
    assert len(done) == 1


def test_a_party_is_not_renamed_while_somebody_posts_under_its_name(
    alice: Person, owner_engine: sa.Engine
) -> None:
    party_id = alice.does(lambda actor: parties.create(actor, name=NAME, is_customer=True).id)
    with (
        meanwhile(
            alice,
            owner_engine,
            deposit,
            lambda: alice.does(lambda actor: parties.update(actor, party_id, {"name": "D. K."}).id),
        ) as renamed,
        pytest.raises(PartyInBooks),
    ):
        renamed.result()
