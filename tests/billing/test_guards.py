"""Rules about documents that the database itself enforces, for every role."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, advance, draft, issued, pay, receive, seen
from tests.ledger.books import bind, stored
from tests.people import Person
from voyagent.billing.invoices.service import issuing
from voyagent.billing.payments.service import payments as payment_service, settling
from voyagent.kernel.db import db, rows_changed
from voyagent.kernel.money import Money


@pytest.fixture(params=["application", "owner"])
def raw(
    request: pytest.FixtureRequest, app_engine: sa.Engine, owner_engine: sa.Engine
) -> sa.Engine:
    """Raw SQL, once as the role of the application and once as the owner."""
    return app_engine if request.param == "application" else owner_engine


@pytest.mark.parametrize(
    "change",
    [
        "update invoices set total_minor = total_minor + 1 where id = :id",
        "update invoices set number = '2024-25/000009' where id = :id",
        "update invoices set party_name = 'Somebody else' where id = :id",
        "update invoices set issue_date = issue_date - 1 where id = :id",
        "update invoices set currency = 'AED' where id = :id",
        "update invoices set entry_id = null where id = :id",
        "update invoices set status = 'draft', number = null, entry_id = null where id = :id",
        "delete from invoices where id = :id",
        "update invoice_lines set description = 'Other' where invoice_id = :id",
        "delete from invoice_lines where invoice_id = :id",
        (
            "insert into invoice_lines select tenant_id, invoice_id, 2, 'More', 1, 0, 0 from"
            " invoice_lines where invoice_id = :id"
        ),
    ],
)
def test_an_issued_invoice_cannot_change(alice: Person, raw: sa.Engine, change: str) -> None:
    invoice_id = issued(alice)
    before = seen(alice, invoice_id)
    with (
        pytest.raises(sa.exc.DBAPIError, match=r"posted .* cannot be (changed|deleted)"),
        raw.begin() as connection,
    ):
        bind(connection, alice)
        connection.execute(sa.text(change), {"id": invoice_id})
    assert seen(alice, invoice_id) == before


def test_a_received_bill_cannot_change(alice: Person, raw: sa.Engine) -> None:
    bill_id = receive(alice)
    for change in (
        "update bills set total_minor = 1 where id = :id",
        "delete from bills where id = :id",
        "delete from bill_lines where bill_id = :id",
    ):
        with (
            pytest.raises(sa.exc.DBAPIError, match=r"posted .* cannot be (changed|deleted)"),
            raw.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(sa.text(change), {"id": bill_id})


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("update invoices set paid_minor = 100 where id = :id", "ck_invoices_paid"),
        ("update invoices set status = 'paid' where id = :id", "ck_invoices_paid"),
        (
            "update invoices set paid_minor = total_minor + 1, status = 'paid' where id = :id",
            "ck_invoices_",
        ),
        ("update invoices set status = 'lost' where id = :id", "ck_invoices_"),
        ("update invoices set credited_minor = total_minor where id = :id", "ck_invoices_paid"),
        ("update invoices set credited_minor = -1 where id = :id", "ck_invoices_amounts"),
        (
            (
                "update invoices set credited_minor = 1, paid_minor = total_minor, status = 'paid'"
                " where id = :id"
            ),
            "ck_invoices_",
        ),
        ("update invoices set status = 'void' where id = :id", "ck_invoices_voided"),
        (
            (
                "update invoices set status = 'void', voided_on = issue_date - 1, void_reason ="
                " 'x', void_entry_id = entry_id where id = :id"
            ),
            "ck_invoices_voided",
        ),
        (
            (
                "update invoices set status = 'void', voided_on = issue_date, void_reason = 'x',"
                " void_entry_id = entry_id, paid_minor = 1 where id = :id"
            ),
            "ck_invoices_voided",
        ),
        ("update invoices set voided_on = issue_date where id = :id", "ck_invoices_voided"),
    ],
)
def test_paid_and_credited_amounts_match_the_status(
    alice: Person, raw: sa.Engine, change: str, constraint: str
) -> None:
    invoice_id = issued(alice)
    with pytest.raises(sa.exc.IntegrityError, match=constraint), raw.begin() as connection:
        bind(connection, alice)
        connection.execute(sa.text(change), {"id": invoice_id})


def test_a_void_document_stays_void(alice: Person, raw: sa.Engine) -> None:
    invoice_id = issued(alice)
    with raw.begin() as connection:
        bind(connection, alice)
        void = (
            "update invoices set status = 'void', voided_on = issue_date, void_reason = 'Twice',"
            " void_entry_id = entry_id where id = :id"
        )
        connection.execute(sa.text(void), {"id": invoice_id})
    back = "status = 'issued', voided_on = null, void_reason = null, void_entry_id = null"
    for change in (back, "void_reason = 'Another'", "voided_on = voided_on + 1"):
        with (
            pytest.raises(sa.exc.DBAPIError, match=r"posted .* cannot be (changed|deleted)"),
            raw.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(
                sa.text(f"update invoices set {change} where id = :id"), {"id": invoice_id}
            )


def test_an_invoice_whose_lines_do_not_add_up_is_not_issued(alice: Person) -> None:
    invoice_id = draft(alice)
    with alice.acting():
        assert (
            rows_changed(
                "update invoices set total_minor = total_minor + 1 where id = :id", id=invoice_id
            )
            == 1
        )
    with alice.acting(), pytest.raises(sa.exc.IntegrityError, match="do not add up"):
        rows_changed("update invoices set status = 'issued' where id = :id", id=invoice_id)
    assert seen(alice, invoice_id)["status"] == "draft"
    alice.does(lambda actor: issuing.issue_invoice(actor, invoice_id))
    assert seen(alice, invoice_id)["total_minor"] == 4_500_000  # computed from the lines


def test_a_draft_can_be_deleted_with_its_lines(alice: Person, owner_engine: sa.Engine) -> None:
    invoice_id = draft(alice)
    with alice.acting():
        assert rows_changed("delete from invoices where id = :id", id=invoice_id) == 1
    assert (
        stored(owner_engine, "select * from invoice_lines where invoice_id = :id", id=invoice_id)
        == []
    )
    assert (
        stored(
            owner_engine,
            "select n from invoice_counts where tenant_id = :t and status = 'draft'",
            t=alice.actor.tenant_id,
        )[0]["n"]
        == 0
    )


def test_the_application_cannot_change_payments(alice: Person, app_engine: sa.Engine) -> None:
    pay(alice, issued(alice), 100)
    alice.does(payment_service.refund_payment, advance(alice, 100))
    for table in ("payments", "allocations", "refunds"):
        for change in (f"update {table} set amount_minor = 1", f"delete from {table}"):
            with (
                pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
                app_engine.begin() as connection,
            ):
                bind(connection, alice)
                connection.execute(sa.text(change))


MORE = (
    "insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor, effective_on,"
    " entry_id) select p.tenant_id, gen_random_uuid(), p.id, i.id, {minor}, {day}, p.entry_id from"
    " payments p join {document} i on i.tenant_id = p.tenant_id where p.tenant_id = :t and p.id ="
    " :p and i.id = :i"
)
SETTLED = (
    "update invoices set paid_minor = paid_minor + 50, status = 'partially_paid' where tenant_id ="
    " :t and id = :i"
)
USED = "update payments set allocated_minor = allocated_minor + 50 where tenant_id = :t and id = :p"


@pytest.mark.parametrize(
    ("statements", "refusal"),
    [
        (
            (MORE.format(minor=50, day="p.paid_on", document="invoices"),),
            "allocations sum to 50, but the document has 0",
        ),
        (
            (MORE.format(minor=50, day="p.paid_on", document="invoices"), SETTLED),
            "but the payment has",
        ),
        ((USED,), "but the payment has"),
        (
            ("update payments set refunded_minor = 1 where tenant_id = :t and id = :p",),
            "but the payment has",
        ),
        (
            (
                (
                    "update payments set allocated_minor = amount_minor + 1 where tenant_id = :t"
                    " and id = :p"
                ),
            ),
            "ck_payments_used",
        ),
        (
            (MORE.format(minor=50, day="p.paid_on - 1", document="invoices"), SETTLED, USED),
            "allocation does not fit its payment",
        ),
        ((MORE.format(minor=-50, day="p.paid_on", document="invoices"),), "ck_allocations_amount"),
    ],
)
def test_allocations_never_exceed_payment_or_document(
    alice: Person, raw: sa.Engine, statements: tuple[str, ...], refusal: str
) -> None:
    values = {"t": alice.actor.tenant_id, "p": advance(alice, 100), "i": issued(alice)}
    with pytest.raises(sa.exc.IntegrityError, match=refusal), raw.begin() as connection:
        bind(connection, alice)
        for statement in statements:
            connection.execute(sa.text(statement), values)


def test_a_payment_cannot_settle_another_partys_document(alice: Person, raw: sa.Engine) -> None:
    values = {
        "t": alice.actor.tenant_id,
        "p": advance(alice, 100),
        "i": issued(alice, customer_name="Somebody else"),
    }
    with (
        pytest.raises(sa.exc.IntegrityError, match="allocation does not fit its payment"),
        raw.begin() as connection,
    ):
        bind(connection, alice)
        for statement in (
            MORE.format(minor=50, day="p.paid_on", document="invoices"),
            SETTLED,
            USED,
        ):
            connection.execute(sa.text(statement), values)


def test_a_reversing_row_is_the_exact_opposite_of_the_reversed_one(
    alice: Person, raw: sa.Engine
) -> None:
    invoice_id = issued(alice)
    values = {
        "t": alice.actor.tenant_id,
        "p": advance(alice, 100, DUE, settling.Part(invoice_id, Money(100, "INR"))),
        "i": invoice_id,
    }
    part = (
        "insert into allocations (tenant_id, id, payment_id, invoice_id, amount_minor,"
        " effective_on, entry_id, reverses_id) select tenant_id, gen_random_uuid(), payment_id,"
        " invoice_id, -50, effective_on, entry_id, id from allocations where tenant_id = :t and"
        " payment_id = :p"
    )
    with (
        pytest.raises(sa.exc.IntegrityError, match="only be reversed completely"),
        raw.begin() as connection,
    ):
        bind(connection, alice)
        connection.execute(sa.text(part), values)
        connection.execute(
            sa.text("update payments set allocated_minor = 50 where tenant_id = :t and id = :p"),
            values,
        )
        connection.execute(
            sa.text("update invoices set paid_minor = 50 where tenant_id = :t and id = :i"), values
        )


def test_stored_facts_of_a_payment_cannot_change(alice: Person, owner_engine: sa.Engine) -> None:
    pay(alice, issued(alice), 100)
    alice.does(payment_service.refund_payment, advance(alice, 100))
    for change in (
        "update payments set amount_minor = amount_minor + 1",
        "update payments set number = 'R/2024-25/000009'",
        "delete from payments",
        "update allocations set effective_on = effective_on - 1",
        "delete from allocations",
        "update refunds set amount_minor = 1",
        "delete from refunds",
    ):
        with (
            pytest.raises(sa.exc.DBAPIError, match=r"cannot be changed, only reversed|append-only"),
            owner_engine.begin() as connection,
        ):
            connection.execute(
                sa.text(f"{change} where tenant_id = :t"), {"t": alice.actor.tenant_id}
            )


def test_the_application_sees_only_the_bound_agency_s_documents(
    alice: Person, charlie: Person, app_engine: sa.Engine
) -> None:
    pay(charlie, issued(charlie), 100)
    charlie.does(payment_service.refund_payment, advance(charlie, 100))
    receive(charlie)
    tables = (
        "invoices",
        "invoice_lines",
        "bills",
        "bill_lines",
        "payments",
        "allocations",
        "refunds",
        "number_series",
        "invoice_counts",
        "ageing_by_due",
        "ageing_by_party",
        "party_open_balances",
        "advances_by_day",
        "advances_by_party",
    )
    for table in tables:
        with app_engine.begin() as connection:
            bind(connection, alice)
            assert connection.scalar(sa.text(f"select count(*) from {table}")) == 0
            bind(connection, charlie)
            assert connection.scalar(sa.text(f"select count(*) from {table}")) > 0


def test_a_document_cannot_refer_to_another_agency_s_entry_or_enquiry(
    alice: Person, charlie: Person, raw: sa.Engine
) -> None:
    mine = draft(alice)
    theirs = seen(charlie, issued(charlie))["entry_id"]
    with pytest.raises(sa.exc.IntegrityError, match="fk_invoices_entry"), raw.begin() as connection:
        bind(connection, alice)
        connection.execute(
            sa.text(
                "update invoices set status = 'issued', number = 'X', entry_id = :e where id = :id"
            ),
            {"id": mine, "e": theirs},
        )
    with (
        pytest.raises(sa.exc.IntegrityError, match="fk_invoices_enquiry"),
        raw.begin() as connection,
    ):
        bind(connection, alice)
        connection.execute(
            sa.text("update invoices set enquiry_id = :e where id = :id"), {"id": mine, "e": theirs}
        )


def test_the_stored_counts_follow_the_statuses(alice: Person, owner_engine: sa.Engine) -> None:
    draft(alice)
    issued(alice)
    pay(alice, issued(alice), 100)
    counts = stored(
        owner_engine,
        "select status, n from invoice_counts where tenant_id = :t and n <> 0 order by status",
        t=alice.actor.tenant_id,
    )
    assert [(row["status"], row["n"]) for row in counts] == [
        ("draft", 1),
        ("issued", 1),
        ("partially_paid", 1),
    ]
    with alice.acting():
        db.session.execute(sa.text("update invoices set updated_at = now()"))
    assert (
        stored(
            owner_engine,
            "select status, n from invoice_counts where tenant_id = :t and n <> 0 order by status",
            t=alice.actor.tenant_id,
        )
        == counts
    )
