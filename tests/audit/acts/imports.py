"""Acts of imports: each row, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.audit.acts.work import NEW_PARTY

FILE = "name,is_customer\nDeepa Krishnan,yes\n"
LEFT = (
    Left("party.created", ("party_id",)),
    Left("import.done", ("import_id",), says={"kind": "parties", "rows": 1}),
)


@act("POST /api/imports", leaves=LEFT, answers=200, in_savepoints=True)
def import_a_file_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/imports", json={"kind": "parties", "content": FILE, "dry_run": False})


@act("POST /import", leaves=in_the_browser(*LEFT), answers=303, in_savepoints=True)
def import_a_file_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/import", kind="parties", content=FILE, then="run")


BALANCES = "account,debit,credit\n1100,100,\n1200,50,\n3000,,150\n"
OPENED = (
    Left(
        "ledger.account_added", ("account_id",), says={"name": "Opening balances", "code": "3800"}
    ),
    Left("journal.posted", ("journal_entry_id", "source_type", "source_id")),
    Left("import.done", ("import_id",), says={"kind": "opening_balances", "rows": 3}),
)


@act("POST /api/imports", leaves=OPENED, answers=200, in_savepoints=True)
def import_opening_balances_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/imports",
        json={
            "kind": "opening_balances",
            "content": BALANCES,
            "effective_on": "2026-03-31",
            "dry_run": False,
        },
    )


ADDED = replace(OPENED[0], says={})
POSTED = OPENED[1]
INVOICES = "party,reference,issue_date,amount\nDeepa Krishnan,OLD-17,2026-02-10,30000\n"
BILLS = "party,reference,issue_date,amount\nBSP India,B-4,2026-02-10,30000\n"
ISSUED = Left(
    "invoice.issued",
    ("invoice_id", "journal_entry_id"),
    says={"number": "O/2025-26/000001", "total": "30000.00"},
)
RECEIVED = Left("bill.received", ("bill_id", "journal_entry_id"), says={"total": "30000.00"})


@act(
    "POST /api/imports",
    leaves=(ADDED, NEW_PARTY, POSTED, ISSUED, Left("import.done", ("import_id",))),
    answers=200,
    in_savepoints=True,
)
def import_open_invoices_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/imports",
        json={
            "kind": "open_invoices",
            "content": INVOICES,
            "effective_on": "2026-03-31",
            "dry_run": False,
        },
    )


@act(
    "POST /api/imports",
    leaves=(ADDED, NEW_PARTY, POSTED, RECEIVED, Left("import.done", ("import_id",))),
    answers=200,
    in_savepoints=True,
)
def import_open_bills_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/imports",
        json={
            "kind": "open_bills",
            "content": BILLS,
            "effective_on": "2026-03-31",
            "dry_run": False,
        },
    )


ADVANCES = "party,reference,paid_on,amount\nDeepa Krishnan,R-17,2026-02-10,3000\n"
PAID = Left(
    "payment.received", ("payment_id",), says={"amount": "3000.00", "paid_on": "2026-02-10"}
)


@act(
    "POST /api/imports",
    leaves=(ADDED, NEW_PARTY, POSTED, PAID, Left("import.done", ("import_id",))),
    answers=200,
    in_savepoints=True,
)
def import_advances_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/imports",
        json={
            "kind": "customer_advances",
            "content": ADVANCES,
            "effective_on": "2026-03-31",
            "dry_run": False,
        },
    )


@act(
    "import", leaves=tuple(replace(left, via="job") for left in LEFT), answers=0, in_savepoints=True
)
def import_a_file_from_a_shell(stage: Stage) -> Doing:
    file = Path(mkdtemp()) / "parties.csv"
    file.write_text(FILE)
    return lambda: stage.flask("import", "parties", file, "--by", stage.alice.email)
