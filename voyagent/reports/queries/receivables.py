"""Receivables and payables by age, for the API and for the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, Integer, Select, cast, null, select, union_all

from voyagent.billing.ageing.queries import advances as advances_queries, open_items, party_balances
from voyagent.billing.ageing.queries.in_base import carried_by_age_statement
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.queries.open_list import AGES, Basis
from voyagent.billing.core.rules import CONTROL, CREDITS
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import cached_statement, generic_plan, inlined
from voyagent.kernel.money import Money
from voyagent.ledger.queries.party_lines import PartyRef
from voyagent.ledger.queries.revaluations import standing_statement
from voyagent.ledger.queries.trial_balance import base_currency_of, trial_balance_statement
from voyagent.parties import queries as parties
from voyagent.reports.queries.periods import PeriodInverted
from voyagent.settings.queries import chosen

SIDE: dict[Kind, int] = {"receivable": 1, "payable": -1}
"""Sign of a control account's balance (debit less credit) if money is owed."""
ADVANCES: dict[Kind, tuple[str, ...]] = {
    "receivable": (CONTROL["in"][1], CREDITS),
    "payable": (CONTROL["out"][1],),
}
"""Purposes of the accounts of advances and credits, whose balance has the opposite sign."""
BUCKETS = (("0-30", (0, 1)), ("31-60", (2,)), ("61-90", (3,)), ("90+", (4,)))
AGE_NAMES = ("not_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90")
"""Names of the ages from 0 to 4 in files and answers, if the age begins with the due date."""
EVER = (date(1900, 1, 1), date(2200, 12, 31))
EVERYBODY = "*"
PARTIES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Bucket:
    """Number and sum of the open documents or advances in one range of ages.

    `name` is the range of days, such as `31-60`. If the age is counted from the due date, each open
    instalment counts as one document.
    """

    name: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Number and sum of the bills that are scheduled for payment on one day."""

    pay_on: date
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Ageing:
    """Open amounts of one currency: four age buckets and the largest parties.

    The first bucket includes the amounts that are not yet due; `not_due` is their sum. `top` has
    the names and open amounts of the largest parties. `advances` has the sums of the unused
    payments, as negative amounts, by the number of days since the payment. `buckets` does not
    include the advances. `scheduled` has the open bills that have a payment day.
    """

    currency: str
    buckets: tuple[Bucket, ...]
    not_due: Money
    top: tuple[tuple[str, Money], ...]
    advances: tuple[Bucket, ...]
    scheduled: tuple[Scheduled, ...]

    @property
    def total(self) -> Money:
        """Sum of the buckets."""
        return sum((bucket.amount for bucket in self.buckets), Money(0, self.currency))

    @property
    def ahead(self) -> Money:
        """Sum of the advances, which is negative."""
        return sum((bucket.amount for bucket in self.advances), Money(0, self.currency))


@dataclass(frozen=True, slots=True)
class Document:
    """An open document, or one open instalment of a document.

    `age` is a number from 0 to 4. The age is 0 up to the due date, 1 from 1 to 30 days after the
    due date, 2 from 31 to 60 days, 3 from 61 to 90 days, and 4 after more than 90 days. With the
    basis `document_date`, the days are counted from the date of the document. `base` is the open
    amount in the base currency, at the rate at which the document was booked. It is None if the
    document is in the base currency itself, or if the amount is not known.
    """

    id: UUID
    number: str
    due_date: date
    is_part_paid: bool
    age: int
    open: Money
    pay_on: date | None = None
    """Day on which a scheduled bill will be paid."""
    place: int | None = None
    """Number of the instalment, or None for a whole document."""
    base: Money | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """Unused part of a payment: a negative amount, aged from the day of the payment."""

    id: UUID
    number: str
    paid_on: date
    days: int
    left: Money


@dataclass(frozen=True, slots=True)
class Party:
    """Open amounts of a party in one currency.

    `ages` has one amount for each age from 0 to 4, as in `Document`. `advance` is negative and not
    deducted from `ages`. `scheduled` is the sum of the open bills that have a payment day, and
    `next_pay_on` is the nearest payment day. `documents` and `advances` are empty unless the
    documents of the party were requested. `id` is None in files, and if no party has the key of the
    amounts.
    """

    id: UUID | None
    name: str
    ages: tuple[Money, ...]
    advance: Money
    documents: tuple[Document, ...]
    advances: tuple[Advance, ...]
    scheduled: Money
    next_pay_on: date | None

    @property
    def open(self) -> Money:
        """Open amount before the advances are deducted."""
        return sum(self.ages[1:], self.ages[0])

    @property
    def outstanding(self) -> Money:
        """Open amount after the advances are deducted."""
        return self.open + self.advance


@dataclass(frozen=True, slots=True)
class CurrencyBlock:
    """Receivables or payables of one currency.

    `ever_open` is the sum of all open documents, without any filter. `control` is the balance of
    the control account and comes from a separate query. `ever_open` and `control` must be equal. In
    the same way, `ever_ahead`, the sum of all advances, must equal `ahead_control`, the balance of
    the advances account. `ever_ahead` and `ahead_control` are negative.
    """

    currency: str
    parties: tuple[Party, ...]
    totals: tuple[Money, ...]
    """Sum of each age over the parties of all pages."""
    advance: Money
    """Sum of the advances of all parties, which is negative."""
    parties_in_all: int
    skipped: int
    """Number of parties on earlier pages."""
    ever_open: Money
    control: Money
    control_code: str
    ever_ahead: Money
    ahead_control: Money
    ahead_code: str

    @property
    def open(self) -> Money:
        """Open amount of all parties before the advances are deducted."""
        return sum(self.totals, Money(0, self.currency))

    @property
    def outstanding(self) -> Money:
        """Open amount of all parties after the advances are deducted."""
        return self.open + self.advance

    @property
    def is_proved(self) -> bool:
        """True if documents and advances equal the balances of their ledger accounts."""
        return self.ever_open == self.control and self.is_ahead_proved

    @property
    def is_ahead_proved(self) -> bool:
        """True if the sum of all advances equals the balance of the advances account."""
        return self.ever_ahead == self.ahead_control


@dataclass(frozen=True, slots=True)
class Carried:
    """All open documents of one currency, at their booked base amounts.

    `ages` has one amount in base for each age from 0 to 4, and `open` is the sum of the documents
    in their currency. `revaluation` is the difference that a month-end revaluation has posted and
    that is not reversed yet. `unknown` is the number of documents or instalments without a base
    amount; they are left out of `ages`.
    """

    currency: str
    ages: tuple[Money, ...]
    open: Money
    revaluation: Money
    unknown: int

    @property
    def total(self) -> Money:
        """Sum of the documents' booked amounts in the base currency."""
        return sum(self.ages[1:], self.ages[0])


@dataclass(frozen=True, slots=True)
class OpenInBase:
    """All open documents in the base currency, compared with the control account.

    `lines` has each currency with open documents or a revaluation, the base currency first.
    `control` is the balance of the control account in base, and comes from a separate query.
    """

    currency: str
    lines: tuple[Carried, ...]
    control: Money
    control_code: str

    @property
    def ages(self) -> tuple[Money, ...]:
        """Sum of each age over all currencies."""
        zero = Money(0, self.currency)
        return tuple(sum((line.ages[age] for line in self.lines), zero) for age in range(AGES))

    @property
    def total(self) -> Money:
        """Sum of the booked amounts in base and of the revaluations."""
        zero = Money(0, self.currency)
        return sum((line.total + line.revaluation for line in self.lines), zero)

    @property
    def unknown(self) -> int:
        """Number of documents or instalments without a base amount."""
        return sum(line.unknown for line in self.lines)

    @property
    def is_proved(self) -> bool:
        """True if the sum equals the balance of the control account."""
        return self.total == self.control


@dataclass(frozen=True, slots=True)
class Open:
    """Receivables or payables in each currency; the agency's own comes first.

    `base` has all of them in the base currency. It is None if the base amounts are not established,
    if no amount is in another currency, or if a filter of issue dates or currency is set. It is
    also None if no document is in another currency and the sum equals the control account.
    """

    kind: Kind

    blocks: tuple[CurrencyBlock, ...]
    currencies: tuple[str, ...]
    basis: Basis = "due_date"
    base: OpenInBase | None = None

    @property
    def is_proved(self) -> bool:
        """True if documents and advances equal their ledger accounts in every currency."""
        return all(block.is_proved for block in self.blocks)


@dataclass(frozen=True, slots=True)
class OpenFilters:
    """Filters of an ageing page: day, issue dates, currency, and party.

    `party_id` is the party whose documents are shown. Without it, `party` is the name of the
    parties whose documents are shown, or `*` for all parties.
    """

    as_of: date
    first: date | None = None
    last: date | None = None
    currency: str | None = None
    party: str | None = None
    skip: int = 0
    """Number of parties of each currency on earlier pages."""
    basis: Basis = "due_date"
    party_id: UUID | None = None

    @property
    def named(self) -> PartyRef | None:
        """The party whose documents are shown, or None for all parties or for none."""
        return self.party_id or (None if self.party == EVERYBODY else self.party)

    @property
    def is_dated(self) -> bool:
        """True if a filter of issue dates is set."""
        return self.first is not None or self.last is not None

    @property
    def is_narrow(self) -> bool:
        """True if a filter of issue dates or currency is set."""
        return self.is_dated or self.currency is not None

    @property
    def period(self) -> tuple[date, date]:
        """First and last issue date, both included; without a filter, all dates.

        Raises PeriodInverted.
        """
        first, last = self.first or EVER[0], self.last or EVER[1]
        if first > last:
            raise PeriodInverted
        return first, last


def read_ageing(
    reader: Reader,
    kind: Kind,
    first: date,
    last: date,
    *,
    today: date,
    as_of: date | None,
    basis: Basis = "due_date",
) -> tuple[list[Row], list[Row]]:
    """Return rows for `ageings`, and rows with the five largest parties by currency.

    The documents issued from `first` to `last` are included. Ages are counted up to `as_of`, and
    documents and payments after `as_of` are left out. If `as_of` is None, ages are counted up to
    `today`, and nothing is left out. `basis` says from which day the age of a document is counted:
    `due_date` or `document_date`.

    The rows for `ageings` are of three kinds, named by the column `part`: open documents (`ages`),
    negative advances by age (`advances`), and open bills by payment day (`scheduled`). Their column
    base_currency is None unless the base amounts are established. Raises PeriodInverted.
    """
    if first > last:
        raise PeriodInverted
    counted, parties = reader.read(
        _counted_statement(kind, first, last, today, as_of, basis),
        open_items.top_parties_statement(kind, first, last, as_of=as_of),
    )
    return counted, parties


@cached_statement
def _counted_statement(
    kind: Kind,
    first: date,
    last: date,
    today: date,
    as_of: date | None,
    basis: Basis,
) -> Select[Any]:
    ages = (
        open_items.ageing_statement(kind, first, last, today=today, as_of=as_of, basis=basis)
        .subquery("ages")
        .c
    )
    ahead = (
        advances_queries.advances_by_age_statement(kind, first, last, today=today, as_of=as_of)
        .subquery("ahead")
        .c
    )
    no_age, no_day, nothing = cast(null(), Integer), cast(null(), Date), cast(null(), BigInteger)
    parts = [
        select(
            inlined("ages").label("part"),
            ages.currency,
            ages.age,
            no_day.label("pay_on"),
            ages.n,
            ages.open_minor,
            ages.not_due_minor,
        ),
        select(
            inlined("advances"),
            ahead.currency,
            ahead.age,
            no_day,
            ahead.n,
            -ahead.unapplied_minor,
            nothing,
        ),
    ]
    if kind == "payable":
        planned = open_items.scheduled_statement(first, last, as_of=as_of).subquery("planned").c
        parts.append(
            select(
                inlined("scheduled"),
                planned.currency,
                no_age,
                planned.pay_on,
                planned.n,
                planned.open_minor,
                nothing,
            )
        )
    found = union_all(*parts).subquery("found").c
    parties = (
        found.part,
        found.currency,
        found.age,
        found.pay_on,
        found.n,
        found.open_minor,
        found.not_due_minor,
    )
    books = chosen("base_currency").label("base_currency")
    statement = select(*parties, books).order_by(
        found.part, found.currency, found.age, found.pay_on
    )
    return generic_plan(statement) if as_of is None else statement


def ageings(counted: list[Row], parties: list[Row], home_currency: str) -> list[Ageing]:
    """Return the ageing of each currency, the agency's currency first.

    `counted` and `parties` are the results of `read_ageing`. The ageing of the agency's currency is
    always present.
    """
    others = sorted({row["currency"] for row in counted} - {home_currency})
    return [_ageing(currency, counted, parties) for currency in (home_currency, *others)]


def read_open(
    reader: Reader, kind: Kind, filters: OpenFilters, home_currency: str, *, is_paged: bool = False
) -> Open:
    """Return receivables or payables by party, compared with the ledger.

    With `is_paged`, the result has one page of parties for each currency: the parties after the
    first `filters.skip`. Otherwise the result has all parties. Raises PeriodInverted.
    """
    first, last = filters.period
    days: dict[str, Any] = {"today": filters.as_of, "as_of": filters.as_of}
    ages = days | {"basis": filters.basis}
    named = filters.named
    statements: dict[str, Select[Any]] = {
        "ever": open_items.ageing_statement(kind, *EVER, **days),
        "control": _control_statement(kind, filters.as_of),
        "ever_ahead": advances_queries.advances_by_age_statement(kind, *EVER, **days),
    }
    if is_paged:
        statements["ahead"] = party_balances.balances_statement(
            kind, first, last, filters.as_of, skip=filters.skip, limit=PARTIES_SHOWN, party=named
        )
        if filters.is_dated or filters.basis != "due_date":
            statements["totals"] = open_items.ageing_statement(kind, first, last, **ages)
        if filters.is_dated:
            statements["ahead_in_all"] = advances_queries.advances_by_age_statement(
                kind, first, last, **days
            )
    else:
        statements["ahead"] = advances_queries.advances_by_party_statement(
            kind, first, last, filters.as_of
        )
        statements["parties"] = open_items.parties_by_age_statement(kind, first, last, **ages)
        if filters.basis != "due_date":
            statements["totals"] = open_items.ageing_statement(kind, first, last, **ages)
    with (
        reader.snapshot()
    ):  # all queries must read the same snapshot, so that the ages and the account agree
        read = dict(zip(statements, reader.read(*statements.values()), strict=True))
        keys = sorted({row["party_key"] for row in read["ahead"]}) if is_paged else None
        of_page: dict[str, Select[Any]] = {}
        if keys:
            of_page["parties"] = open_items.parties_by_age_statement(
                kind, first, last, **ages, keys=keys
            )
            of_page["ids"] = parties.ids_statement(keys)
        if (named or filters.party) and keys != []:
            of_page["advances"] = advances_queries.list_advances_statement(
                kind, first, last, filters.as_of, party=named, keys=keys
            )
            of_page["documents"] = open_list.list_instalments_statement(
                kind, first, last, **ages, party=named, keys=keys
            )
        if not filters.is_narrow and _foreign_books(read):
            of_page |= _base_statements(kind, filters.as_of, filters.basis, read)
        if of_page:
            read |= zip(of_page, reader.read(*of_page.values()), strict=True)
    ids = {row["party_key"]: row["id"] for row in read.pop("ids", ())}
    known = {row["currency"] for row in (*read["ever"], *read["control"], *read["ever_ahead"])}
    ordered = sorted(known, key=lambda currency: (currency != home_currency, currency))
    wanted = [currency for currency in ordered if filters.currency in (None, currency)]
    blocks = [_block(kind, currency, read, ids, filters, is_paged=is_paged) for currency in wanted]
    return Open(
        kind,
        tuple(block for block in blocks if block.parties_in_all or not block.is_proved),
        tuple(ordered),
        filters.basis,
        _in_base(kind, read),
    )


def read_in_base(
    reader: Reader, kind: Kind, as_of: date, basis: Basis = "due_date"
) -> OpenInBase | None:
    """Return all open documents in the base currency at the end of a day.

    The result is None if the base amounts are not established, or if no amount is in another
    currency. It is also None if no document is in another currency and the sum equals the control
    account.
    """
    days: dict[str, Any] = {"today": as_of, "as_of": as_of}
    statements = {
        "ever": open_items.ageing_statement(kind, *EVER, **days),
        "control": _control_statement(kind, as_of),
    }
    if basis != "due_date":
        statements["totals"] = open_items.ageing_statement(kind, *EVER, **days, basis=basis)
    with reader.snapshot():
        read = dict(zip(statements, reader.read(*statements.values()), strict=True))
        if _foreign_books(read):
            further = _base_statements(kind, as_of, basis, read)
            read |= zip(further, reader.read(*further.values()), strict=True)
    return _in_base(kind, read)


def _foreign_books(read: dict[str, list[Row]]) -> str | None:
    """Return the base currency if there are amounts in another currency too.

    The result is None if the base amounts are not established.
    """
    books = base_currency_of(read["control"])
    rows = (*read["ever"], *read["control"])
    return books if any(row["currency"] != books for row in rows) else None


def _base_statements(
    kind: Kind, as_of: date, basis: Basis, read: Mapping[str, list[Row]]
) -> dict[str, Select[Any]]:
    """Return the statements that are read after `ever`, `control` and `totals`.

    `carried` is among them only if a row of `totals` (or `ever`) has no base amount.
    """
    further: dict[str, Select[Any]] = {"revalued": standing_statement(as_of)}
    books = base_currency_of(read["control"])
    if any(row["base_minor"] is None for row in _ages(read) if row["currency"] != books):
        further["carried"] = carried_by_age_statement(kind, as_of, basis)
    return further


def _ages(read: Mapping[str, list[Row]]) -> list[Row]:
    return read.get("totals", read["ever"])


def _in_base(kind: Kind, read: dict[str, list[Row]]) -> OpenInBase | None:
    books = _foreign_books(read)
    if books is None or "revalued" not in read:
        return None
    control = [row for row in read["control"] if row["purpose"] == kind]
    own = [row for row in _ages(read) if row["currency"] == books]
    carried = read.get("carried", _ages(read))
    revalued = {
        row["currency"]: SIDE[kind] * row["base_minor"]
        for row in read["revalued"]
        if row["purpose"] == kind
    }
    others = {row["currency"] for row in read["ever"]} | revalued.keys()

    def line(currency: str, rows: list[Row], name: str) -> Carried:
        by_age = {row["age"]: int(row[name]) for row in rows}
        opened = (row["open_minor"] for row in read["ever"] if row["currency"] == currency)
        return Carried(
            currency,
            tuple(Money(by_age.get(age, 0), books) for age in range(AGES)),
            Money(sum(map(int, opened)), currency),
            Money(revalued.get(currency, 0), books),
            sum(row.get("unknown", 0) for row in rows),
        )

    foreign = [
        line(one, [row for row in carried if row["currency"] == one], "base_minor")
        for one in sorted(others - {books})
    ]
    balance = sum(int(row["base_debit_minor"] - row["base_credit_minor"]) for row in control)
    base = OpenInBase(
        books,
        (line(books, own, "open_minor"), *foreign),
        Money(SIDE[kind] * balance, books),
        control[0]["code"] if control else "",
    )
    return base if foreign or not base.is_proved else None


@cached_statement
def _control_statement(kind: Kind, as_of: date) -> Select[Any]:
    """Select the balances of the control and the advances accounts by currency."""
    books = trial_balance_statement(as_of).subquery("books")
    return select(books).where(books.c.purpose.in_((kind, *ADVANCES[kind])))


def _ageing(currency: str, counted: list[Row], parties: list[Row]) -> Ageing:
    ages, advances, scheduled = (
        [row for row in counted if (row["part"], row["currency"]) == (part, currency)]
        for part in ("ages", "advances", "scheduled")
    )
    return Ageing(
        currency,
        buckets=_buckets(currency, ages),
        not_due=Money(sum(int(row["not_due_minor"]) for row in ages), currency),
        top=tuple(
            (row["party_name"], Money(int(row["open_minor"]), currency))
            for row in parties
            if row["currency"] == currency
        ),
        advances=_buckets(currency, advances),
        scheduled=tuple(
            Scheduled(row["pay_on"], int(row["n"]), Money(int(row["open_minor"]), currency))
            for row in scheduled
        ),
    )


def _buckets(currency: str, counted: list[Row]) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(
            name,
            count=sum(int(row["n"]) for row in counted if row["age"] in inside),
            amount=Money(
                sum(int(row["open_minor"]) for row in counted if row["age"] in inside), currency
            ),
        )
        for name, inside in BUCKETS
    )


def _block(
    kind: Kind,
    currency: str,
    read: dict[str, list[Row]],
    ids: Mapping[str, UUID],
    filters: OpenFilters,
    *,
    is_paged: bool,
) -> CurrencyBlock:
    own_rows = {
        name: [row for row in rows if row["currency"] == currency] for name, rows in read.items()
    }
    names = {
        row["party_key"]: row["party_name"]
        for row in (*own_rows["ahead"], *([] if is_paged else own_rows["parties"]))
    }
    by_party: dict[str, dict[str, list[Row]]] = {key: defaultdict(list) for key in names}
    for part in ("parties", "ahead", "documents", "advances"):
        for row in own_rows.get(part, []):
            if (
                row["party_key"] in names
            ):  # a party on this page in one currency may be on another page in the next
                by_party[row["party_key"]][part].append(row)
    books = base_currency_of(read["control"])
    shown = [
        _party(ids.get(key), name, currency, by_party[key], filters.as_of, books)
        for key, name in names.items()
    ]
    totals, ahead_in_all = (
        (
            own_rows.get("totals", own_rows["ever"]),
            own_rows.get("ahead_in_all", own_rows["ever_ahead"]),
        )
        if is_paged
        else (own_rows["parties"], own_rows["ahead"])
    )
    in_all = (
        max((row["parties"] for row in own_rows["ahead"]), default=0) if is_paged else len(names)
    )
    control, ahead = (
        [row for row in own_rows["control"] if row["purpose"] in purposes]
        for purposes in ((kind,), ADVANCES[kind])
    )
    return CurrencyBlock(
        currency,
        parties=tuple(
            sorted(
                shown,
                key=lambda party: (
                    -party.open.amount_minor,
                    party.outstanding.amount_minor,
                    party.name,
                ),
            )
        ),
        totals=tuple(
            Money(sum(int(row["open_minor"]) for row in totals if row["age"] == age), currency)
            for age in range(AGES)
        ),
        advance=Money(-sum(int(row["unapplied_minor"]) for row in ahead_in_all), currency),
        parties_in_all=in_all,
        skipped=filters.skip if is_paged and filters.skip < in_all else 0,
        ever_open=Money(sum(int(row["open_minor"]) for row in own_rows["ever"]), currency),
        control=_stands_at(control, currency, SIDE[kind]),
        control_code=_codes(control),
        ever_ahead=Money(
            -sum(int(row["unapplied_minor"]) for row in own_rows["ever_ahead"]), currency
        ),
        ahead_control=_stands_at(ahead, currency, SIDE[kind]),
        ahead_code=_codes(ahead),
    )


def _stands_at(accounts: list[Row], currency: str, side: int) -> Money:
    minor = sum(int(row["debit_minor"]) - int(row["credit_minor"]) for row in accounts)
    return Money(side * minor, currency)


def _codes(accounts: list[Row]) -> str:
    return ", ".join(sorted(row["code"] for row in accounts))


def _party(
    party_id: UUID | None,
    name: str,
    currency: str,
    rows: dict[str, list[Row]],
    as_of: date,
    books: str | None,
) -> Party:
    by_age = {row["age"]: int(row["open_minor"]) for row in rows["parties"]}
    return Party(
        party_id,
        name,
        ages=tuple(Money(by_age.get(age, 0), currency) for age in range(AGES)),
        advance=Money(-sum(int(row["unapplied_minor"]) for row in rows["ahead"]), currency),
        documents=tuple(_document(row, books) for row in rows["documents"]),
        advances=tuple(
            Advance(
                row["id"],
                row["number"],
                row["paid_on"],
                (as_of - row["paid_on"]).days,
                Money(-int(row["unapplied_minor"]), currency),
            )
            for row in rows["advances"]
        ),
        scheduled=Money(sum(int(row["scheduled_minor"]) for row in rows["parties"]), currency),
        next_pay_on=min(
            (row["next_pay_on"] for row in rows["parties"] if row["next_pay_on"]), default=None
        ),
    )


def _document(row: Row, books: str | None) -> Document:
    base_minor = row["open_base_minor"]
    return Document(
        id=row["id"],
        number=row["reference"],
        due_date=row["due_date"],
        is_part_paid=row["open_minor"] < row["amount_minor"],
        age=row["age"],
        open=Money(int(row["open_minor"]), row["currency"]),
        pay_on=row["pay_on"],
        place=row["place"],
        base=None if books is None or base_minor is None else Money(base_minor, books),
    )
