"""Search of known customer and supplier names, to detect a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler
from sqlalchemy import ColumnElement, exists, or_, select, union_all

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.counters import AgeingByParty
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Payment
from voyagent.enquiries.queries import enquiries
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.patterns import contains_any
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import is_of
from voyagent.parties import queries as parties

Side = Literal["customer", "supplier"]
NEAR_MAX = 3
LOOKED_MAX = 2_000
"""Maximum number of known names that are compared with a given name."""
WORDS_MAX, NAMES_MAX, LEADING = 60, 200, 5
"""Limits of `read_names_in`: words to search for, names to return, letters used of a word."""
ALIKE, ALIKE_PART, SLIP_LETTERS, ENDS = 80, 0.88, 5, 3
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "smt", "shri", "sri", "prof"])
_AGES = AgeingByParty.__table__.c
_KINDS = {"customer": "receivable", "supplier": "payable"}


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Result of a search for the name of a customer or supplier.

    `is_known` is true if exactly this name is known. `near` has similar known names.
    """

    is_known: bool
    near: tuple[str, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Return True if the name is unknown and similar names are known."""
        return not self.is_known and bool(self.near)


def read_namesakes(reader: Reader, name: str, side: Side) -> Namesakes:
    """Look for a name, ignoring case, and for similar names if the name is unknown.

    A name is known if it is on a party, an enquiry, a document or a payment. Similar names are
    names on parties and documents of `side`, and for customers also names on enquiries.
    """
    given = " ".join(name.split())
    if reader.read(select(_is_borne(given).label("is_known")))[0][0]["is_known"]:
        return Namesakes(is_known=True)
    looked_for = sorted(
        {end for part in _parts(given) if len(part) >= ENDS for end in (part[:ENDS], part[-ENDS:])}
    )
    if not looked_for:
        return Namesakes(is_known=False)
    documents = select(_AGES.party_name.label("name")).where(
        owned(AgeingByParty),
        _AGES.kind == _KINDS[side],
        _AGES.party_key.like(contains_any(looked_for)),
    )
    sources = [
        parties.names_statement(side, looked_for),
        documents,
        *([enquiries.names_statement(looked_for)] if side == "customer" else []),
    ]
    found = union_all(*sources).subquery("found")
    rows = reader.read(select(found.c.name).distinct().order_by(found.c.name).limit(LOOKED_MAX))[0]
    return Namesakes(is_known=False, near=near_of(given, [row["name"] for row in rows]))


def read_names_in(reader: Reader, text: str) -> list[str]:
    """Return the names of customers and suppliers that a text may mention.

    Words of fewer than three letters are ignored. At most 200 names are returned.
    """
    starts = {part[:LEADING] for part in _parts(text) if len(part) >= ENDS}
    if not starts:
        return []
    looked_for = sorted(starts)[:WORDS_MAX]
    documents = select(_AGES.party_name.label("name")).where(
        owned(AgeingByParty), _AGES.party_key.like(contains_any(looked_for))
    )
    found = union_all(
        parties.names_statement("customer", looked_for),
        parties.names_statement("supplier", looked_for),
        enquiries.names_statement(looked_for),
        documents,
    ).subquery("found")
    rows = reader.read(select(found.c.name).distinct().order_by(found.c.name).limit(NAMES_MAX))[0]
    return [row["name"] for row in rows]


def near_of(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return names of which `name` may be a misspelling or a part.

    The most similar name is first. At most three names are returned.
    """
    alike = {one.casefold(): one for one in names if _may_be(name, one)}
    ordered = sorted(
        alike.values(), key=lambda one: (-fuzz.ratio(name.casefold(), one.casefold()), one)
    )
    return tuple(ordered[:NEAR_MAX])


def _is_borne(name: str) -> ColumnElement[bool]:
    documents = (
        exists().where(owned(table), is_of(table.__table__.c.party_key, name))
        for table in (Invoice, Bill, Payment)
    )
    return or_(parties.is_named(name), enquiries.is_named(name), *documents)


def _may_be(given: str, name: str) -> bool:
    parts, left = _parts(given), _parts(name)
    if not parts or len(parts) > len(left):
        return False
    is_as_long = len(parts) == len(left)
    for part in parts:
        own = next((one for one in left if one == part), None) or next(
            (one for one in left if _is_slip(part, one)), None
        )
        if own is None:
            return False
        left.remove(own)
    return (
        not is_as_long
        or fuzz.token_sort_ratio(" ".join(_parts(given)), " ".join(_parts(name))) >= ALIKE
    )


def _is_slip(given: str, part: str) -> bool:
    if min(len(given), len(part)) < 3:
        return False
    begins_alike = given[0] == part[0] and JaroWinkler.similarity(given, part) >= ALIKE_PART
    return begins_alike or (
        min(len(given), len(part)) >= SLIP_LETTERS
        and OSA.distance(given, part, score_cutoff=1) <= 1
    )


def _parts(name: str) -> list[str]:
    return [
        part
        for part in (one.strip(".,'’&-") for one in name.casefold().split())
        if part and part not in _TITLES
    ]
