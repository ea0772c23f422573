"""An external auditor, which computes the books from responses.

It compares them with the stored rows. It reads as the schema's owner, with no code of the program.
Amounts are minor units. A debit is above zero, a credit below.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

CONTROL = {"in": ("receivable", "customer_advances"), "out": ("payable", "supplier_advances")}
UNPOSTED = {"draft", "bill_draft"}
Balances = dict[tuple[str, str], int]

# Whatever one instant shows that sound books never do. Each row is a fault: which, and where.
FAULTS = """
with mine as (select id from tenants where id = any(%(agencies)s)),
purposes as (
    select p.tenant_id, a.purpose, p.currency, sum(p.debit_minor - p.credit_minor) as minor
    from postings p join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id
    where p.tenant_id in (select id from mine) group by 1, 2, 3),
documents as (
    select tenant_id, 'receivable' as purpose, currency,
      total_minor - paid_minor - credited_minor as minor
    from invoices where status in ('issued', 'partially_paid') and tenant_id in (select id
      from mine)
    union all select tenant_id, 'payable', currency, paid_minor + credited_minor - total_minor
    from bills where status in ('received', 'scheduled') and tenant_id in (select id from mine)
    union all select tenant_id, case when nature = 'refundable' then 'customer_credits'
      when direction = 'in' then 'customer_advances' else 'supplier_advances' end, currency,
        (amount_minor - allocated_minor - refunded_minor) * case direction when 'in'
          then -1 else 1 end
    from payments where tenant_id in (select id from mine)
    union all select tenant_id, 'supplier_claims', currency,
      amount_minor - received_minor - given_up_minor
    from supplier_claims where reversed_on is null and tenant_id in (select id from mine)),
owed as (select tenant_id, purpose, currency, sum(minor) as minor from documents group by 1, 2, 3),
by_month as (
    select tenant_id, account_id, currency, sum(debit_minor) as debit, sum(credit_minor) as credit
    from monthly_balances where tenant_id in (select id from mine) group by 1, 2, 3),
by_day as (
    select tenant_id, account_id, currency, sum(debit_minor) as debit, sum(credit_minor) as credit
    from daily_balances where tenant_id in (select id from mine) group by 1, 2, 3),
by_line as (
    select tenant_id, account_id, currency, sum(debit_minor) as debit, sum(credit_minor) as credit
    from postings where tenant_id in (select id from mine) group by 1, 2, 3)
select 'an entry that does not balance' as fault, entry_id::text as place from postings
  where tenant_id in (select id from mine)
    group by tenant_id, entry_id, currency having sum(debit_minor) <> sum(credit_minor)
union all select 'an entry without all its lines', e.id::text from journal_entries e
  where e.tenant_id in (select id from mine)
    and e.line_count <> (select count(*) from postings p where p.tenant_id = e.tenant_id
      and p.entry_id = e.id)
union all select 'a trial balance that differs', tenant_id || ' ' || currency from by_line
  group by tenant_id, currency having sum(debit) <> sum(credit)
union all select 'months that differ from their lines', l.account_id || ' ' || l.currency
    from by_line l full join by_month m using (tenant_id, account_id, currency)
    where (l.debit, l.credit) is distinct from (m.debit, m.credit)
union all select 'days that differ from their lines', l.account_id || ' ' || l.currency
    from by_line l full join by_day d using (tenant_id, account_id, currency)
    where (l.debit, l.credit) is distinct from (d.debit, d.credit)
union all select 'a control account that differs from its documents', p.purpose || ' ' || p.currency
    from (select * from purposes where purpose in ('receivable', 'payable', 'customer_advances',
      'customer_credits', 'supplier_advances', 'supplier_claims')) p
    full join owed o using (tenant_id, purpose, currency) where coalesce(p.minor,
      0) <> coalesce(o.minor, 0)
union all select 'a payment of which more is used than it is', number from payments
    where tenant_id in (select id from mine) and allocated_minor + refunded_minor > amount_minor
"""


@dataclass(frozen=True)
class Acknowledged:
    """An acknowledged act: kind, request, record and response."""

    kind: str
    asked: dict[str, Any]
    about: str
    answer: dict[str, Any]


@dataclass
class Document:
    """Expected state of an invoice or a bill."""

    total: int
    currency: str
    paid: int = 0
    credited: int = 0
    number: str | None = None
    is_posted: bool = False
    is_void: bool = False

    def status(self, opened: str, part_paid: str) -> str:
        """Return the status, given the words for an open and a partly paid document."""
        if not self.is_posted or self.is_void:
            return "void" if self.is_void else "draft"
        return (
            "paid"
            if self.paid + self.credited == self.total
            else part_paid
            if self.paid
            else opened
        )


@dataclass
class Paid:
    """Expected state of a payment."""

    amount: int
    currency: str
    direction: str
    number: str
    allocated: int = 0
    refunded: int = 0
    """Refunded amount; all of it after a reversal."""
    is_reversed: bool = False


@dataclass
class Auditor:
    """Replay the acknowledged acts of one agency, in any order.

    Every act adds, so the order in which responses arrived does not matter.
    """

    purposes: dict[str, str]
    """Purpose of each account that has one, by id."""
    balances: Balances = field(default_factory=lambda: defaultdict(int))
    invoices: dict[str, Document] = field(default_factory=dict)
    bills: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Paid] = field(default_factory=dict)
    notes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Credit notes and supplier credit notes, by number and amount."""
    taken_back: set[str] = field(default_factory=set)
    """Reversed credit notes."""
    refunds: Counter[tuple[str, int, bool]] = field(default_factory=Counter)
    """Number of refunds by payment, amount, and whether reversed."""
    written: dict[str, Counter[tuple[str, str, int]]] = field(default_factory=dict)
    """Lines of each manual entry: account, currency, amount."""
    reversed: set[str] = field(default_factory=set)
    entries: int = 0

    def replay(self, log: list[Acknowledged]) -> None:
        """Compute the expected books: documents and payments first, then the acts on them."""
        made = {*UNPOSTED, "payment", "journal"}
        for act in sorted(log, key=lambda one: one.kind not in made):
            getattr(self, f"_{act.kind}")(act)
            self.entries += act.kind not in UNPOSTED

    def _move(self, currency: str, **minors: int) -> None:
        for purpose, minor in minors.items():
            self.balances[purpose, currency] += minor

    def _draft(self, act: Acknowledged) -> None:
        self.invoices[act.answer["id"]] = Document(_total(act), act.asked["currency"])

    def _bill_draft(self, act: Acknowledged) -> None:
        self.bills[act.answer["id"]] = Document(
            _total(act), act.asked["currency"], number=act.asked["vendor_reference"]
        )

    def _issue(self, act: Acknowledged) -> None:
        document = self.invoices[act.about]
        document.number, document.is_posted = act.answer["number"], True
        self._move(document.currency, receivable=document.total, revenue_services=-document.total)

    def _bill_receive(self, act: Acknowledged) -> None:
        bill = self.bills[act.about]
        bill.is_posted = True
        self._move(bill.currency, payable=-bill.total, cost_of_services=bill.total)

    def _credit(self, act: Acknowledged) -> None:
        document, credited = (
            self.invoices[act.asked["invoice_id"]],
            sum(minor(line["amount"]) for line in act.asked["lines"]),
        )
        document.credited += credited
        self.notes[act.answer["id"]] = (act.answer["number"], credited)
        self._move(document.currency, receivable=-credited, revenue_services=credited)

    def _bill_credit(self, act: Acknowledged) -> None:
        bill, credited = (
            self.bills[act.asked["bill_id"]],
            sum(minor(line["amount"]) for line in act.asked["lines"]),
        )
        bill.credited += credited
        self.notes[act.answer["id"]] = (act.asked["vendor_reference"], credited)
        self._move(bill.currency, payable=credited, cost_of_services=-credited)

    def _credit_reverse(self, act: Acknowledged) -> None:
        assert act.about not in self.taken_back, f"credit note {act.about} was reversed twice"
        self.taken_back.add(act.about)
        credited = minor(act.answer["total_amount"])
        if "invoice_id" in act.answer:
            document = self.invoices[act.answer["invoice_id"]]
            self._move(document.currency, receivable=credited, revenue_services=-credited)
        else:
            document = self.bills[act.answer["bill_id"]]
            self._move(document.currency, payable=-credited, cost_of_services=credited)
        document.credited -= credited

    def _void(self, act: Acknowledged) -> None:
        document = self.invoices[act.about]
        document.is_void = True
        self._move(document.currency, receivable=-document.total, revenue_services=document.total)

    def _bill_void(self, act: Acknowledged) -> None:
        bill = self.bills[act.about]
        bill.is_void = True
        self._move(bill.currency, payable=bill.total, cost_of_services=-bill.total)

    def _payment(self, act: Acknowledged) -> None:
        amount, direction = minor(act.asked["amount"]), act.asked["direction"]
        payment = self.payments[act.answer["id"]] = Paid(
            amount, act.asked["currency"], direction, act.answer["number"]
        )
        sign = 1 if direction == "in" else -1
        self._move(
            payment.currency,
            **{act.asked["account"]: sign * amount, CONTROL[direction][1]: -sign * amount},
        )

    def _settle(self, payment: Paid, document_id: str, amount: int) -> None:
        payment.allocated += amount
        (self.invoices if payment.direction == "in" else self.bills)[document_id].paid += amount
        sign, (documents, advances) = (
            (1 if payment.direction == "in" else -1),
            CONTROL[payment.direction],
        )
        self._move(payment.currency, **{advances: sign * amount, documents: -sign * amount})

    def _allocate(self, act: Acknowledged) -> None:
        for part in act.asked["allocations"]:
            self._settle(self.payments[act.about], part["document_id"], minor(part["amount"]))

    def _unallocate(self, act: Acknowledged) -> None:
        payment_id, allocation_id = act.about.split(" ")
        taken = next(row for row in act.answer["allocations"] if row["id"] == allocation_id)
        self._settle(self.payments[payment_id], taken["document_id"], -minor(taken["amount"]))

    def _refund(self, act: Acknowledged) -> None:
        payment, amount = self.payments[act.about], minor(act.asked["amount"])
        payment.refunded += amount
        self.refunds[act.about, amount, False] += 1
        sign = 1 if payment.direction == "in" else -1
        self._move(
            payment.currency,
            **{act.asked["account"]: -sign * amount, CONTROL[payment.direction][1]: sign * amount},
        )

    def _refund_reverse(self, act: Acknowledged) -> None:
        payment_id, refund_id = act.about.split(" ")
        payment, refund = (
            self.payments[payment_id],
            next(row for row in act.answer["refunds"] if row["id"] == refund_id),
        )
        amount, sign = minor(refund["amount"]), 1 if payment.direction == "in" else -1
        payment.refunded -= amount
        self.refunds[payment_id, amount, False] -= 1
        self.refunds[payment_id, amount, True] += 1
        self._move(
            payment.currency,
            **{refund["account"]: sign * amount, CONTROL[payment.direction][1]: -sign * amount},
        )

    def _payment_reverse(self, act: Acknowledged) -> None:
        """Reverse a payment.

        Allocations return to the advance, and the advance to bank or cash.
        """
        payment, answer = self.payments[act.about], act.answer
        taken = [
            row
            for row in answer["allocations"]
            if row["reverses_id"] is not None
            and row["journal_entry_id"] == answer["reversal_entry_id"]
        ]
        for row in taken:
            self._settle(payment, row["document_id"], minor(row["amount"]))
        self.entries += bool(taken)
        assert not payment.is_reversed, f"payment {payment.number} was reversed twice"
        payment.is_reversed = True
        payment.refunded += payment.amount
        sign = 1 if payment.direction == "in" else -1
        self._move(
            payment.currency,
            **{
                answer["account"]: -sign * payment.amount,
                CONTROL[payment.direction][1]: sign * payment.amount,
            },
        )

    def _journal(self, act: Acknowledged) -> None:
        self.written[act.answer["id"]] = Counter(
            (
                line["account_id"],
                line["currency"],
                minor(line.get("debit_amount", "0.00")) - minor(line.get("credit_amount", "0.00")),
            )
            for line in act.asked["lines"]
        )
        self._lines(act.answer["id"], 1)

    def _reverse(self, act: Acknowledged) -> None:
        assert act.about not in self.reversed, f"entry {act.about} was reversed twice"
        self.reversed.add(act.about)
        self._lines(act.about, -1)

    def _lines(self, entry_id: str, sign: int) -> None:
        for (account, currency, amount), n in self.written[entry_id].items():
            self._move(currency, **{self.purposes[account]: sign * amount * n})

    def compare(self, connection: psycopg.Connection[Any], agency: Any) -> None:
        """Check that the stored rows are exactly the acknowledged acts."""

        def rows(sql: str) -> list[dict[str, Any]]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(sql, {"t": agency}).fetchall()

        held = rows(
            "select a.purpose, p.currency, sum(p.debit_minor - p.credit_minor)::bigint as minor"
            " from postings p join accounts a on a.tenant_id = p.tenant_id and a.id = p.account_id"
            " where p.tenant_id = %(t)s group by 1, 2"
        )
        assert {
            (row["purpose"], row["currency"]): row["minor"] for row in held if row["minor"]
        } == {at: value for at, value in self.balances.items() if value}
        assert rows("select count(*)::int as n from journal_entries where tenant_id = %(t)s") == [
            {"n": self.entries}
        ]
        invoices = rows(
            "select id::text, status, number, currency, total_minor, paid_minor, credited_minor"
            " from invoices where tenant_id = %(t)s"
        )
        assert {row.pop("id"): tuple(row.values()) for row in invoices} == {
            at: (
                one.status("issued", "partially_paid"),
                one.number,
                one.currency,
                one.total,
                one.paid,
                one.credited,
            )
            for at, one in self.invoices.items()
        }
        bills = rows(
            "select id::text, status, vendor_reference, currency, total_minor, paid_minor,"
            " credited_minor from bills where tenant_id = %(t)s"
        )
        assert {row.pop("id"): tuple(row.values()) for row in bills} == {
            at: (
                one.status("received", "received"),
                one.number,
                one.currency,
                one.total,
                one.paid,
                one.credited,
            )
            for at, one in self.bills.items()
        }
        payments = rows(
            "select id::text, direction, number, currency, amount_minor, allocated_minor,"
            " refunded_minor, reversed_on is not null as is_reversed from payments where tenant_id"
            " = %(t)s"
        )
        assert {row.pop("id"): tuple(row.values()) for row in payments} == {
            at: (
                one.direction,
                one.number,
                one.currency,
                one.amount,
                one.allocated,
                one.refunded,
                one.is_reversed,
            )
            for at, one in self.payments.items()
        }
        notes = rows(
            "select id::text, number, total_minor, reversed_on is not null as is_reversed from"
            " credit_notes where tenant_id = %(t)s union all select id::text, vendor_reference,"
            " total_minor, reversed_on is not null from supplier_credits where tenant_id = %(t)s"
        )
        assert {row.pop("id"): tuple(row.values()) for row in notes} == {
            at: (*note, at in self.taken_back) for at, note in self.notes.items()
        }
        refunds = rows(
            "select payment_id::text, amount_minor, reversed_on is not null as is_reversed from"
            " refunds where tenant_id = %(t)s"
        )
        assert Counter(tuple(row.values()) for row in refunds) == self.refunds
        lines: dict[str, Counter[tuple[str, str, int]]] = defaultdict(Counter)
        for row in rows(
            "select e.id::text, p.account_id::text, p.currency, (p.debit_minor -"
            " p.credit_minor)::bigint as minor from journal_entries e join postings p on"
            " p.tenant_id = e.tenant_id and p.entry_id = e.id where e.tenant_id = %(t)s and"
            " e.source_type = 'journal'"
        ):
            lines[row["id"]][row["account_id"], row["currency"], row["minor"]] += 1
        assert lines == self.written
        reversals = rows(
            "select r.reverses_id::text as id from journal_entries r join journal_entries e on"
            " e.tenant_id = r.tenant_id and e.id = r.reverses_id where r.tenant_id = %(t)s and"
            " e.source_type = 'journal'"
        )
        assert {row["id"] for row in reversals} == self.reversed


def faults_at_one_instant(
    connection: psycopg.Connection[Any], agencies: list[Any]
) -> list[tuple[str, str]]:
    """Return the faults in one snapshot.

    Several reads of one repeatable-read transaction see the same instant.
    """
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        return cursor.execute(FAULTS, {"agencies": agencies}).fetchall()


def _total(act: Acknowledged) -> int:
    return sum(line["quantity"] * minor(line["unit_price"]) for line in act.asked["line_items"])


def minor(amount: str) -> int:
    """Return minor units of an amount with two decimals in JSON."""
    whole, _, places = amount.partition(".")
    return int(whole + places) if len(places) == 2 else int(whole) * 100


def wire(amount: int) -> str:
    """Return minor units as an amount in JSON."""
    return f"{amount // 100}.{amount % 100:02d}"
