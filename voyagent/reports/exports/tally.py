"""Export of the books for Tally: groups, ledgers, and a voucher for each entry.

https://help.tallysolutions.com/developer-reference/introduction/understanding-integration-transactions/
describes the XML. A debit has `Yes` in ISDEEMEDPOSITIVE and a negative amount, and a credit has
`No` and a positive amount. In a file in the base currency, a line in another currency has its
amount, its rate and its base amount, such as `-$ 3150.00 @ ₹ 84.2/$ = -₹ 265230.00`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, count
from xml.etree import ElementTree as ET

from babel.numbers import get_currency_name, get_currency_symbol

from voyagent.banking.queries import money_codes
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import exponent
from voyagent.kernel.rates import plain_rate
from voyagent.ledger.queries.day_book import posted_accounts_statement
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.ledger.rules import EXCHANGE
from voyagent.reports.exports.vouchers import CONTROL, GROUPS, OF_PURPOSE, OF_TYPE, voucher_type
from voyagent.reports.queries.day_book import BookedEntry, EntryLine, every_entry
from voyagent.reports.queries.periods import Days
from voyagent.settings import queries as settings

_HEAD = (
    "<ENVELOPE><HEADER><TALLYREQUEST>Import Data</TALLYREQUEST></HEADER><BODY><IMPORTDATA>"
    "<REQUESTDESC><REPORTNAME>All Masters</REPORTNAME></REQUESTDESC><REQUESTDATA>\n"
)
_FOOT = "</REQUESTDATA></IMPORTDATA></BODY></ENVELOPE>\n"
_RATE_STEP = Decimal("0.00000001")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CURRENCY = "INR"
"""Currency of the export for an agency that has chosen none."""
_WITH_REFERENCE = frozenset(
    {"invoice", "bill", "credit_note", "payment", "refund", "supplier_credit", "write_off"}
)
_WITH_NUMBER = frozenset({"invoice", "credit_note"})


def pieces(reader: Reader, days: Days, currency: str | None = None) -> Iterator[str]:
    """Yield the postings of a period as XML.

    If `currency` is given, journal lines of other currencies are left out. Without it, the postings
    of all currencies are in the base currency. If the base amounts are not established, the file is
    in the agency's currency. `reader` must read from one database snapshot.
    """
    chosen = settings.read(reader)
    if currency is None and chosen is not None and chosen["base_currency"] is not None:
        return base_document(reader, days, every_entry(reader, days), chosen["base_currency"])
    currency = currency or (chosen["default_currency"] if chosen else _CURRENCY)
    return document(read_names(reader, days, currency), every_entry(reader, days), currency)


def base_document(
    reader: Reader, days: Days, entries: Iterable[BookedEntry], base_currency: str
) -> Iterator[str]:
    """Yield the XML in the base currency: currencies, groups, ledgers, and vouchers.

    The account of exchange is left out, because it comes to zero in each entry. `entries` are those
    of the period.
    """
    foreign = {row["currency"] for row in trial_balance_rows(reader, days.last)} - {base_currency}
    names = read_names(reader, days, None)
    yield _HEAD
    for currency in sorted(foreign):
        yield _message(_currency(currency))
    yield from _masters(names)
    for entry in entries:
        lines = [_with_purpose(line, names) for line in entry.lines]
        based = [_in_base(line, base_currency) for line in lines]
        # A revaluation is neither a sale nor a receipt.
        is_difference = all(line.is_difference for line in lines)
        kind = "Journal" if is_difference else voucher_type(based)
        shown = [
            (line, _worth(line, original))
            for line, original in zip(based, lines, strict=True)
            if line.account_purpose != EXCHANGE
        ]
        yield _message(_voucher(entry, kind, shown, names))
    yield _FOOT


def read_names(reader: Reader, days: Days, currency: str | None) -> Names:
    """Return the Tally names of the accounts and parties with postings in a currency.

    Without a currency, they are those of all postings, except for the account of exchange.
    The names are assigned from the postings of all days. `Names.groups` and `Names.ledgers` have
    only the names with postings in the period `days`.
    """
    (rows,) = reader.read(posted_accounts_statement(days.first, days.last, currency, CONTROL))
    if currency is None:
        rows = [row for row in rows if row["account_purpose"] != EXCHANGE]
    return Names(rows, money_codes(reader))


def document(names: Names, entries: Iterable[BookedEntry], currency: str) -> Iterator[str]:
    """Yield the XML: groups and ledgers, then a voucher for each entry.

    `names` is the result of `read_names` for the period of `entries`. Journal lines in another
    currency than `currency` are left out, and so are lines that only have a base amount.
    """
    yield _HEAD
    yield from _masters(names)
    for entry in entries:
        lines = [
            _with_purpose(line, names)
            for line in entry.lines
            if line.currency == currency and not line.is_difference
        ]
        if lines:
            shown = [(line, f"{(line.credit - line.debit).decimal:f}") for line in lines]
            yield _message(_voucher(entry, voucher_type(lines), shown, names))
    yield _FOOT


class Names:
    """Names of groups and ledgers in Tally.

    A control account becomes a group, and each party on the account becomes a ledger in that group.
    Any other account becomes a ledger. Names must be unique in a Tally company, ignoring case: if a
    name is already used, the account's code is appended. Names are assigned in the order of the
    accounts' first entries, so that the files of different months use the same names. `groups` and
    `ledgers` map the names with postings in the period to their parent groups. `money` maps the
    code of each bank account to `bank` or `cash`, the purpose that decides the parent group of its
    ledger.
    """

    def __init__(self, concerned: Iterable[Row], money: Mapping[str, str] | None = None) -> None:
        self.money = money or {}
        self.groups: dict[str, str] = {}
        self.ledgers: dict[str, str] = {}
        self._taken = {name.casefold() for name in GROUPS}
        self._known: dict[tuple[str, str], str] = {}
        for row in concerned:
            self._add(row)

    def of(self, line: EntryLine) -> str:
        """Return the name of the ledger to which a journal line belongs."""
        return self._known[_key(line.code, line.account_purpose, line.party_name)]

    def _add(self, row: Row) -> None:
        key = _key(row["code"], row["account_purpose"], row["party_name"])
        purpose = self.money.get(row["code"], row["account_purpose"])
        parent = OF_PURPOSE.get(purpose or "", OF_TYPE[row["type"]])
        if row["account_purpose"] in CONTROL:
            group = self._name((row["code"], "group"), row["name"], row["code"])
            if row["is_used"]:
                self.groups[group] = parent
            parent = group
        name = self._name(key, row["party_name"] or row["name"], row["code"])
        if row["is_used"]:
            self.ledgers[name] = parent

    def _name(self, key: tuple[str, str], wanted: str, code: str) -> str:
        if key not in self._known:
            plain = " ".join(_clean(wanted).split()) or code
            candidates = chain(
                [plain, f"{plain} ({code})"], (f"{plain} ({code}, {n})" for n in count(2))
            )
            self._known[key] = next(one for one in candidates if one.casefold() not in self._taken)
            self._taken.add(self._known[key].casefold())
        return self._known[key]


def _key(code: str, purpose: str | None, party: str | None) -> tuple[str, str]:
    """Return the dictionary key for the ledger of an account, or of a party on it.

    The case of party names is ignored.
    """
    return code, f"party {party.casefold()}" if party and purpose in CONTROL else ""


def _master(tag: str, name: str, parent: str) -> ET.Element:
    master = ET.Element(tag, {"NAME": name, "ACTION": "Create"})
    _add(master, NAME=name, PARENT=parent)
    return master


def _masters(names: Names) -> Iterator[str]:
    for name, parent in names.groups.items():
        yield _message(_master("GROUP", name, parent))
    for name, parent in names.ledgers.items():
        yield _message(_master("LEDGER", name, parent))


def _currency(code: str) -> ET.Element:
    symbol = currency_symbol(code)
    master = ET.Element("CURRENCY", {"NAME": symbol, "ACTION": "Create"})
    _add(
        master,
        NAME=symbol,
        MAILINGNAME=get_currency_name(code, locale="en"),
        ISOCURRENCYCODE=code,
        DECIMALPLACES=str(exponent(code)),
    )
    return master


def currency_symbol(code: str) -> str:
    """Return the symbol of a currency in the files, such as `$` for USD."""
    return str(get_currency_symbol(code, locale="en"))


def _with_purpose(line: EntryLine, names: Names) -> EntryLine:
    return line._replace(account_purpose=names.money.get(line.code, line.account_purpose))


def _in_base(line: EntryLine, base_currency: str) -> EntryLine:
    """Return a line with its amount in the base currency."""
    return line._replace(
        currency=base_currency,
        debit_minor=line.base_debit_minor or 0,
        credit_minor=line.base_credit_minor or 0,
    )


def _worth(based: EntryLine, line: EntryLine) -> str:
    """Return the amount of a line in base; a foreign line also has its rate."""
    base = (based.credit - based.debit).decimal
    amount = (line.credit - line.debit).decimal
    if not amount or line.currency == based.currency:
        return f"{base:f}"
    rate = line.rate if line.rate and not line.is_rate_inverse else abs(base / amount)
    rounded = plain_rate(rate.quantize(_RATE_STEP, rounding=ROUND_HALF_UP))
    sign, unit, books = (
        "-" if amount < 0 else "",
        currency_symbol(line.currency),
        currency_symbol(based.currency),
    )
    return f"{sign}{unit} {abs(amount):f} @ {books} {rounded}/{unit} = {sign}{books} {abs(base):f}"


def _voucher(
    entry: BookedEntry, kind: str, shown: list[tuple[EntryLine, str]], names: Names
) -> ET.Element:
    """Return a voucher of a kind; each line comes with its amount as text."""
    lines = [line for line, _amount in shown]
    memo = next((line.memo for line in lines if line.memo), None)
    party = next((names.of(line) for line in lines if line.account_purpose in CONTROL), None)
    # By this id Tally recognises a voucher that is imported again, and does not duplicate it.
    voucher = ET.Element(
        "VOUCHER",
        {
            "REMOTEID": str(entry.id),
            "VCHTYPE": kind,
            "ACTION": "Create",
            "OBJVIEW": "Accounting Voucher View",
        },
    )
    _add(
        voucher,
        DATE=f"{entry.day:%Y%m%d}",
        EFFECTIVEDATE=f"{entry.day:%Y%m%d}",
        GUID=str(entry.id),
        NARRATION=entry.narration,
        VOUCHERTYPENAME=kind,
    )
    if memo and entry.source_type in _WITH_NUMBER and entry.purpose == "issue":
        _add(voucher, VOUCHERNUMBER=memo)
    if memo and entry.source_type in _WITH_REFERENCE:
        _add(voucher, REFERENCE=memo)
    if party is not None:
        _add(voucher, PARTYLEDGERNAME=party)
    _add(voucher, PERSISTEDVIEW="Accounting Voucher View", ISINVOICE="No")
    for line, amount in shown:
        is_party = line.account_purpose in CONTROL
        one = ET.SubElement(voucher, "ALLLEDGERENTRIES.LIST")
        _add(
            one,
            LEDGERNAME=names.of(line),
            ISDEEMEDPOSITIVE=_yes(line.debit or amount.startswith("-")),
            ISPARTYLEDGER=_yes(is_party),
            AMOUNT=amount,
        )
    return voucher


def _message(element: ET.Element) -> str:
    message = ET.Element("TALLYMESSAGE", {"xmlns:UDF": "TallyUDF"})
    message.append(element)
    text: bytes = ET.tostring(message, encoding="us-ascii")
    return text.decode() + "\n"


def _add(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = _clean(text)


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _yes(answer: object) -> str:
    return "Yes" if answer else "No"
