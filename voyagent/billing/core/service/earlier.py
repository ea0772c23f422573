"""Give documents and payments of earlier releases their base amounts.

The base amount of a document or payment is that of its journal entry. It is divided over the
payments, credits and refunds that settled or used it, as `carrying` does for new documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from voyagent.billing.core.models.kinds import BILL, INVOICE, DocumentKind
from voyagent.billing.core.queries import earlier
from voyagent.billing.core.queries.carried import read_carried
from voyagent.billing.core.queries.recognitions import DEFERRED, PREPAID
from voyagent.billing.core.queries.roll_ups import AGEING
from voyagent.billing.core.rules import CLAIMS, CREDITS
from voyagent.billing.core.service.carrying import shares
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.rates import Quote
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger.queries.translation import posted_bases_statement
from voyagent.ledger.rules import CONTROL, OPENING
from voyagent.ledger.service.translation import (
    DocumentRate,
    Documents,
    Source,
)

MIGRATION = "migration"
"""Source of the rate of a document that had none."""
_DOCUMENTS = """
    update {table} d
       set base_minor = v.base_minor, base_settled_minor = v.taken_minor,
           rate_source = case when d.rate is null and v.rate is not null then '{source}'
                         else d.rate_source end,
           rate_base = coalesce(d.rate_base, v.rate_base),
           rate_quote = coalesce(d.rate_quote, v.rate_quote),
           rate = coalesce(d.rate, v.rate), rate_on = coalesce(d.rate_on, v.rate_on)
      from unnest(cast(:id as uuid[]), cast(:base_minor as bigint[]),
                  cast(:taken_minor as bigint[]), cast(:rate_base as text[]),
                  cast(:rate_quote as text[]), cast(:rate as numeric[]), cast(:rate_on as date[]))
           v(id, base_minor, taken_minor, rate_base, rate_quote, rate, rate_on)
     where d.tenant_id = :tenant_id and d.id = v.id
"""
_OWNERS = """
    update {table} d
       set base_minor = v.base_minor, {taken} = v.taken_minor
      from unnest(cast(:id as uuid[]), cast(:base_minor as bigint[]),
                  cast(:taken_minor as bigint[])) v(id, base_minor, taken_minor)
     where d.tenant_id = :tenant_id and d.id = v.id
"""
_PARTS = """
    update {table} d set {column} = v.base_minor
      from unnest(cast(:id as uuid[]), cast(:owner_id as uuid[]), cast(:base_minor as bigint[]))
           v(id, owner_id, base_minor)
     where d.tenant_id = :tenant_id and {key}
"""
_DIVIDED = """
    update refunds r set base_minor = p.base_minor
      from (select refund_id, sum(base_minor) as base_minor from refund_parts
             where tenant_id = :tenant_id group by refund_id
            having bool_and(base_minor is not null)) p
     where r.tenant_id = :tenant_id and r.id = p.refund_id and r.base_minor is null
"""


def _rates(sources: Collection[Source]) -> dict[Source, DocumentRate]:
    by_type: dict[str, list[UUID]] = defaultdict(list)
    for source_type, source_id in sources:
        by_type[source_type].append(source_id)
    found = {}
    for source_type, ids in by_type.items():
        statement = earlier.rates_statement(source_type, ids)
        rows = [] if statement is None else SessionReader(db.session).read(statement)[0]
        for row in rows:
            names = ("rate_base", "rate_quote", "rate", "rate_on", "rate_source")
            quote = None if row["rate"] is None else Quote(*(row[name] for name in names))
            found[source_type, row["source_id"]] = DocumentRate(
                row["currency"], row["issue_date"], quote
            )
    return found


def _fill(base_currency: str) -> None:
    """Fill the base amounts of documents, payments, claims and refunds.

    The stored sums of open documents are then rebuilt.
    """
    reader = SessionReader(db.session)
    for kind in (INVOICE, BILL):
        for rows in earlier.documents_without_base(reader, kind, base_currency):
            _fill_documents(reader, kind, rows, base_currency)
    for rows in earlier.payments_without_base(reader, base_currency):
        _fill_payments(reader, rows)
    if claims := earlier.claims_without_base(reader, base_currency):
        _fill_claims(reader, claims)
    _run(_DIVIDED)
    reader.read(AGEING[0].rebuild_statement())


def _fill_documents(
    reader: Reader, kind: DocumentKind, rows: Sequence[Row], base_currency: str
) -> None:
    posted = {
        (row["entry_id"], row["currency"]): row
        for row in reader.read(posted_bases_statement([row["entry_id"] for row in rows]))[0]
        if row["purpose"] == kind.account
    }
    found: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        line = posted[row["entry_id"], row["currency"]]
        found[row["id"]] = {
            "id": row["id"],
            "base_minor": abs(line["base_minor"]),
            "total_minor": row["total_minor"],
            **_rate(line, base_currency),
        }
    taken = _fill_parts(
        found, reader.read(earlier.settling_statement(kind, found))[0], "document_base_minor"
    )
    values = [one | {"taken_minor": taken[one["id"]]} for one in found.values()]
    table = kind.model.__tablename__
    _run(_DOCUMENTS.format(table=table, source=MIGRATION), values, without=("total_minor",))


def _fill_payments(reader: Reader, rows: Sequence[Row]) -> None:
    posted: dict[tuple[UUID, str], list[Row]] = defaultdict(list)
    for line in reader.read(posted_bases_statement([row["entry_id"] for row in rows]))[0]:
        posted[line["entry_id"], line["currency"]].append(line)
    found = {}
    for row in rows:
        lines = posted[row["entry_id"], row["currency"]]
        found[row["id"]] = {
            "id": row["id"],
            "total_minor": row["amount_minor"],
            "base_minor": (
                sum(line["base_debit_minor"] for line in lines)
                if row["credit_note_id"] is None
                else -sum(line["base_minor"] for line in lines if line["purpose"] == CREDITS)
            ),
        }
    taken = _fill_parts(found, reader.read(earlier.using_statement(found))[0], "payment_base_minor")
    taken |= {row["id"]: found[row["id"]]["base_minor"] for row in rows if row["reversed_on"]}
    values = [one | {"taken_minor": taken[one["id"]]} for one in found.values()]
    statement = _OWNERS.format(table="payments", taken="base_used_minor")
    _run(statement, values, without=("total_minor",))


def _fill_claims(reader: Reader, rows: Sequence[Row]) -> None:
    posted = {
        (line["entry_id"], line["currency"]): line["base_minor"]
        for line in reader.read(posted_bases_statement([row["entry_id"] for row in rows]))[0]
        if line["purpose"] == CLAIMS
    }
    found = {
        row["id"]: {
            "id": row["id"],
            "total_minor": row["amount_minor"],
            "base_minor": posted[row["entry_id"], row["currency"]],
        }
        for row in rows
    }
    taken = _fill_parts(found, reader.read(earlier.received_statement(found))[0], "base_minor")
    values = [one | {"taken_minor": taken[one["id"]]} for one in found.values()]
    statement = _OWNERS.format(table="supplier_claims", taken="base_settled_minor")
    _run(statement, values, without=("total_minor",))


def _fill_parts(
    owners: Mapping[UUID, Mapping[str, Any]], parts: Iterable[Row], of_allocations: str
) -> dict[UUID, int]:
    """Store the base amount of each part, and return the sum of the parts by owner.

    The owners are documents, payments or claims; the parts are what settles or uses them. Parts
    that were taken back are not in the sum.
    """
    by_owner: dict[UUID, list[Row]] = {owner_id: [] for owner_id in owners}
    for part in parts:
        by_owner[part["owner_id"]].append(part)
    by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
    taken = {}
    for owner_id, rows in by_owner.items():
        owner = owners[owner_id]
        bases = shares(
            owner["base_minor"],
            owner["total_minor"],
            [(row["minor"], row["is_taken_back"]) for row in rows],
        )
        taken[owner_id] = 0
        for row, base_minor in zip(rows, bases, strict=True):
            taken[owner_id] += 0 if row["is_taken_back"] else base_minor
            by_table[row["table"]].append(
                {"id": row["id"], "owner_id": owner_id, "base_minor": base_minor}
            )
    for table, values in by_table.items():
        column = of_allocations if table == "allocations" else "base_minor"
        key = (
            "d.refund_id = v.id and d.payment_id = v.owner_id"
            if table == "refund_parts"
            else "d.id = v.id"
        )
        _run(_PARTS.format(table=table, column=column, key=key), values)
    return taken


def _rate(line: Row, base_currency: str) -> dict[str, Any]:
    """Return the rate of a posted line as columns of a document, or None each."""
    if line["rate"] is None:
        return dict.fromkeys(("rate_base", "rate_quote", "rate", "rate_on"))
    pair = (base_currency, line["currency"])
    base, quote = pair if line["is_rate_inverse"] else pair[::-1]
    return {
        "rate_base": base,
        "rate_quote": quote,
        "rate": line["rate"],
        "rate_on": line["rate_on"],
    }


def _run(
    statement: str, rows: Sequence[Mapping[str, Any]] = (), without: Collection[str] = ()
) -> None:
    """Run a statement with one array for each column of the rows."""
    names = [name for name in rows[0] if name not in without] if rows else []
    values = {name: [row[name] for row in rows] for name in names}
    db.session.execute(text(statement), values | {"tenant_id": current_tenant(db.session)})


DOCUMENTS = Documents(
    rates=_rates,
    fill=_fill,
    carried=read_carried,
    accounts=CONTROL | {DEFERRED, PREPAID, OPENING},
    unrated=earlier.unrated,
)
