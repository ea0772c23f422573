"""Results of the capabilities of billing, with the answer and the records of each."""

from __future__ import annotations

from typing import Any

from tests.capabilities.answer_cases import Case, Empty, rupees
from voyagent.capabilities.capability import Choice
from voyagent.kernel.money import Money

INVOICE = {
    "id": "i1",
    "number": "2026-27/000042",
    "customer_name": "Deepa Krishnan",
    "total": rupees("45000.00"),
    "open": rupees("20000.00"),
    "issue_date": "2026-11-10",
    "due_date": "2026-12-10",
    "status": "partially_paid",
}
DRAFT = {
    "id": "i2",
    "number": None,
    "customer_name": "Ravi Menon",
    "total": rupees("285721.00"),
    "open": rupees("0.00"),
    "issue_date": "2026-11-10",
    "due_date": "2026-12-12",
    "status": "draft",
}
OPEN = {**INVOICE, "id": "i3", "number": "2026-27/000043", "open": rupees("45000.00")}
PAID = {
    **INVOICE,
    "id": "i4",
    "number": "2026-27/000041",
    "open": rupees("0.00"),
    "status": "paid",
    "settled_as": "paid",
}
BILL = {
    "id": "b1",
    "vendor_name": "BSP India",
    "vendor_reference": "B-7",
    "total": rupees("8000.00"),
    "open": rupees("8000.00"),
    "issue_date": "2026-11-20",
    "due_date": "2026-12-25",
    "status": "received",
}
OWED = {
    "name": "Deepa Krishnan",
    "amount": "120000.00",
    "overdue": "20000.00",
    "currency": "INR",
    "invoices": 2,
}
OWED_IN_DIRHAM = {
    "name": "Al Noor",
    "amount": "500.00",
    "overdue": "500.00",
    "currency": "AED",
    "invoices": 1,
}
TOTALS = [rupees("120000.00"), {"amount": "500.00", "currency": "AED"}]
PAYMENT = {
    "payment_id": "p1",
    "party_name": "Deepa Krishnan",
    "amount": "25000.00",
    "currency": "INR",
    "open_amount": "20000.00",
    "status": "partially_paid",
}
ISSUED = {
    "invoice_id": "i1",
    "number": "2026-27/000042",
    "total_amount": "45000.00",
    "currency": "INR",
    "status": "issued",
    "customer_name": "Deepa Krishnan",
    "due_date": "2026-12-10",
}
ENTRY = {
    "entry": {
        "narration": "Office rent",
        "lines": [
            {"account_id": "5100", "debit_amount": "30000.00", "currency": "INR"},
            {"account_id": "5200", "debit_amount": "5000.00", "currency": "INR"},
            {"account_id": "1100", "credit_amount": "35000.00", "currency": "INR"},
        ],
    }
}
BANK = {"id": "a1", "code": "1100", "name": "Bank", "type": "asset"}
TAXED = {
    "id": "i1",
    "number": "2026-27/000042",
    "customer_name": "Deepa Krishnan",
    "net": rupees("1000.00"),
    "taxes": [{"words": "IGST 18 %", **rupees("180.00")}],
    "total": rupees("1180.00"),
}
TAXED_ROW = (
    "2026-27/000042, Deepa Krishnan, before tax INR 1,000.00, IGST 18 % INR 180.00,"
    " total INR 1,180.00"
)
UNTAXED_ROW = "draft, Deepa Krishnan, before tax INR 1,000.00, no tax, total INR 1,180.00"
PART_PAID = (
    "2026-27/000042, Deepa Krishnan, INR 45,000.00, amount due INR 20,000.00, due 10 Dec 2026"
)
FULLY_OPEN = "2026-27/000043, Deepa Krishnan, INR 45,000.00, due 10 Dec 2026"
SETTLED = "2026-27/000041, Deepa Krishnan, INR 45,000.00, paid"
NO_PLAN = "No BSP connection is set up, so its statements can’t be read."

CASES: list[Case] = [
    (
        "list_receivables",
        {"overdue_days": 30},
        {
            "as_of": "2026-11-30",
            "count": 2,
            "customers": [OWED, OWED_IN_DIRHAM],
            "totals": TOTALS,
        },
        [
            "2 customers owe, as of 30 Nov 2026 (overdue by 30 days or more):",
            "1. Deepa Krishnan, INR 1,20,000.00 (INR 20,000.00 overdue)",
            "2. Al Noor, AED 500.00 (overdue)",
            "Total amount due: INR 1,20,000.00, AED 500.00.",
        ],
        [
            Choice("Deepa Krishnan", "Deepa Krishnan", amount=Money(12000000, "INR")),
            Choice("Al Noor", "Al Noor", amount=Money(50000, "AED")),
        ],
    ),
    (
        "list_payables",
        {},
        {
            "as_of": "2026-11-30",
            "count": 1,
            "suppliers": [{**OWED, "name": "BSP India", "overdue": "0.00"}],
            "totals": TOTALS[:1],
        },
        ["We owe one supplier, as of 30 Nov 2026:", "1. BSP India, INR 1,20,000.00"],
        [Choice("BSP India", "BSP India", amount=Money(12000000, "INR"))],
    ),
    (
        "show_taxes",
        {},
        {"count": 2, "invoices": [TAXED, {**TAXED, "id": "i2", "number": None, "taxes": []}]},
        [
            "The total includes these taxes.",
            f"1. {TAXED_ROW}",
            f"2. {UNTAXED_ROW}",
        ],
        [
            Choice("i1", TAXED_ROW, "2026-27/000042", Money(118000, "INR")),
            Choice("i2", UNTAXED_ROW, "", Money(118000, "INR")),
        ],
    ),
    (
        "find_invoices",
        {},
        {"count": 4, "invoices": [INVOICE, DRAFT, OPEN, PAID]},
        [
            "4 invoices.",
            f"1. {PART_PAID}",
            "2. draft, Ravi Menon, INR 2,85,721.00, due 12 Dec 2026",
            f"3. {FULLY_OPEN}",
            f"4. {SETTLED}",
            "Total amount due: INR 65,000.00.",
        ],
        [
            Choice("i1", PART_PAID, "2026-27/000042", Money(2000000, "INR")),
            Choice(
                "i2", "draft, Ravi Menon, INR 2,85,721.00, due 12 Dec 2026", "", Money(0, "INR")
            ),
            Choice("i3", FULLY_OPEN, "2026-27/000043", Money(4500000, "INR")),
            Choice("i4", SETTLED, "2026-27/000041", Money(0, "INR")),
        ],
    ),
    (
        "find_bills",
        {},
        {"count": 30, "bills": [BILL]},
        [
            "30 open bills.",
            "1. B-7, BSP India, INR 8,000.00, due 25 Dec 2026",
            "and 29 more",
        ],
        [
            Choice(
                "b1", "B-7, BSP India, INR 8,000.00, due 25 Dec 2026", "B-7", Money(800000, "INR")
            )
        ],
    ),
    (
        "list_ledger_accounts",
        {},
        {"count": 1, "accounts": [BANK]},
        ["One account.", "1. 1100 Bank (asset)"],
        [Choice("a1", "1100 Bank", "1100")],
    ),
    (
        "read_account_balance",
        {"account_id": "bank"},
        {
            "read": True,
            "account": BANK,
            "as_of": "2026-11-30",
            "balance": "-1234567.50",
            "currency": "INR",
            "balances": [rupees("-1234567.50"), {"amount": "20.00", "currency": "USD"}],
        },
        [
            "Balance of 1100 Bank on 30 Nov 2026: INR 12,34,567.50 credit, USD 20.00 debit.",
        ],
        [Choice("a1", "1100 Bank", "1100")],
    ),
    (
        "trial_balance",
        {},
        {
            "as_of": "2026-03-31",
            "count": 12,
            "accounts": [],
            "totals": [
                {"currency": "INR", "debit": "5000.00", "credit": "5000.00", "in_balance": True},
                {"currency": "USD", "debit": "20.00", "credit": "10.00", "in_balance": False},
            ],
        },
        [
            "Trial balance as of 31 Mar 2026, 12 accounts.",
            "- INR: debits INR 5,000.00, credits INR 5,000.00, in balance.",
            "- USD: debits USD 20.00, credits USD 10.00, NOT in balance.",
        ],
        [],
    ),
    (
        "record_receipt",
        {},
        {**PAYMENT, "recorded": True, "invoice_id": "i1", "number": "2026-27/000042"},
        [
            "Recorded INR 25,000.00 from Deepa Krishnan for invoice 2026-27/000042."
            " Amount due: INR 20,000.00."
        ],
        [
            Choice(
                "i1",
                "2026-27/000042, Deepa Krishnan",
                "2026-27/000042",
                Money(2000000, "INR"),
            )
        ],
    ),
    (
        "pay_bill",
        {},
        {
            **PAYMENT,
            "paid": True,
            "bill_id": "b1",
            "vendor_reference": "B-7",
            "party_name": "BSP India",
            "open_amount": "0.00",
        },
        ["Recorded INR 25,000.00 to BSP India for bill B-7. Nothing more is due."],
        [Choice("b1", "B-7, BSP India", "B-7", Money(0, "INR"))],
    ),
    (
        "receive_bill",
        {"due_date": "2026-12-25"},
        {
            "received": True,
            "bill_id": "b1",
            "vendor_reference": "B-7",
            "vendor_name": "BSP India",
            "total_amount": "8000.00",
            "currency": "INR",
            "status": "received",
        },
        ["Bill B-7 from BSP India is recorded: INR 8,000.00, due 25 Dec 2026."],
        [Choice("b1", "B-7, BSP India", "B-7", Money(800000, "INR"))],
    ),
    (
        "draft_invoice",
        {},
        {**ISSUED, "drafted": True, "number": None, "status": "draft"},
        [
            "The draft invoice for Deepa Krishnan is saved: INR 45,000.00, due 10 Dec 2026."
            " Issue it to give it a number and post it to the books."
        ],
        [Choice("i1", "draft, Deepa Krishnan", "", Money(4500000, "INR"))],
    ),
    *(
        (
            name,
            {},
            {**ISSUED, **done},
            [
                "Invoice 2026-27/000042 to Deepa Krishnan is issued and posted: INR 45,000.00,"
                " due 10 Dec 2026."
            ],
            [
                Choice(
                    "i1",
                    "2026-27/000042, Deepa Krishnan",
                    "2026-27/000042",
                    Money(4500000, "INR"),
                )
            ],
        )
        for name, done in (
            ("issue_invoice", {"issued": True}),
            ("create_invoice", {"created": True, "invoice_number": ISSUED["number"]}),
        )
    ),
    (
        "write_off_invoice",
        {},
        {
            "written_off": True,
            "write_off_id": "w1",
            "invoice_id": "i1",
            "number": "2026-27/000042",
            "party_name": "Deepa Krishnan",
            "amount": "500.00",
            "currency": "INR",
            "open_amount": "0.00",
            "status": "paid",
        },
        ["Wrote off INR 500.00 of invoice 2026-27/000042 to Deepa Krishnan. Nothing more is due."],
        [Choice("i1", "2026-27/000042, Deepa Krishnan", "2026-27/000042", Money(0, "INR"))],
    ),
    (
        "cancel_sale",
        {},
        {
            "cancelled": True,
            "cancellation_id": "x1",
            "cancellation_number": "X/2026-27/000001",
            "invoice_id": "i1",
            "number": "2026-27/000042",
            "party_name": "Deepa Krishnan",
            "amount": "40000.00",
            "kept_amount": "5000.00",
            "currency": "INR",
            "open_amount": "0.00",
            "fee_number": "2026-27/000043",
            "refund_number": "F/2026-27/000001",
        },
        [
            "Cancelled invoice 2026-27/000042 to Deepa Krishnan: INR 40,000.00 credited before tax."
            " The fee is invoice 2026-27/000043. The rest is paid back with refund"
            " F/2026-27/000001. Nothing more is due."
        ],
        [Choice("i1", "2026-27/000042, Deepa Krishnan", "2026-27/000042", Money(0, "INR"))],
    ),
    (
        "record_supplier_refund",
        {},
        {
            "received": True,
            "claim_receipt_id": "r1",
            "claim_id": "c1",
            "number": "L/2026-27/000003",
            "party_name": "BSP India",
            "amount": "600.00",
            "given_up_amount": "0.00",
            "currency": "INR",
            "open_amount": "400.00",
        },
        [
            "Recorded a refund of INR 600.00 from BSP India for claim L/2026-27/000003."
            " Amount due: INR 400.00."
        ],
        [Choice("c1", "L/2026-27/000003, BSP India", "L/2026-27/000003", Money(40000, "INR"))],
    ),
    (
        "post_journal_entry",
        ENTRY,
        {"posted": True, "journal_id": "j1"},
        ["The journal entry is posted: Office rent, INR 35,000.00."],
        [],
    ),
    (
        "fetch_bsp_statement",
        {},
        {"fetched": False, "reason": "capability_not_supported", "detail": NO_PLAN},
        [NO_PLAN],
        [],
    ),
    (
        "reconcile_bsp",
        {},
        {"reconciled": False, "reason": "capability_not_supported", "detail": NO_PLAN},
        [NO_PLAN],
        [],
    ),
]

NO_CUSTOMERS: dict[str, Any] = {"as_of": "2026-11-30", "count": 0, "customers": [], "totals": []}
NO_SUPPLIERS: dict[str, Any] = {"as_of": "2026-11-30", "count": 0, "suppliers": [], "totals": []}
EMPTY: list[Empty] = [
    ("list_receivables", {}, NO_CUSTOMERS, "No amount is due."),
    (
        "list_receivables",
        {"customer_name": "Depa"},
        NO_CUSTOMERS,
        "No amount due from Depa was found. Check the spelling of the name.",
    ),
    (
        "list_receivables",
        {"more_than": "50000", "currency": "INR"},
        NO_CUSTOMERS,
        "No balance is above INR 50,000.00.",
    ),
    (
        "list_receivables",
        {"at_least": "50000", "currency": "INR"},
        NO_CUSTOMERS,
        "No balance reaches INR 50,000.00.",
    ),
    (
        "list_receivables",
        {"overdue_days": 30, "overdue_only": True},
        NO_CUSTOMERS,
        "Nothing is overdue by 30 days or more.",
    ),
    ("list_payables", {"overdue_only": True}, NO_SUPPLIERS, "Nothing is overdue."),
    ("list_payables", {"currency": "USD"}, NO_SUPPLIERS, "No amount is due in USD."),
    (
        "list_payables",
        {"vendor_name": "BPS"},
        NO_SUPPLIERS,
        "No amount due to BPS was found. Check the spelling of the name.",
    ),
    (
        "show_taxes",
        {},
        {"count": 0, "invoices": []},
        "The price of an invoice line is before tax, unless the line says that its rate includes"
        " tax. The tax treatment of the line decides its tax, which is computed for the date of the"
        " invoice or of a later service. Tax in the rate is taken out of it; other tax is added to"
        " the total. Give an invoice number to see its taxes.",
    ),
    (
        "show_taxes",
        {"number": "58"},
        {"count": 0, "invoices": []},
        "No such invoice was found. Check the number or the name.",
    ),
    (
        "find_invoices",
        {"number": "58"},
        {"count": 0, "invoices": []},
        "No invoice 58 was found. Check the number.",
    ),
    (
        "find_invoices",
        {"customer_name": "Depa"},
        {"count": 0, "invoices": []},
        "No such invoice of Depa was found. Check the spelling of the name.",
    ),
    (
        "find_invoices",
        {"status": "draft"},
        {"count": 0, "invoices": []},
        "There are no draft invoices.",
    ),
    (
        "find_invoices",
        {},
        {"count": 0, "invoices": []},
        "There are no invoices for this search.",
    ),
    (
        "find_bills",
        {"vendor_reference": "B-9"},
        {"count": 0, "bills": []},
        "No open bill has the number B-9. If it is new, enter it with its supplier, amount and"
        " due date.",
    ),
    (
        "find_bills",
        {"vendor_name": "BPS"},
        {"count": 0, "bills": []},
        "No open bill of BPS was found. Check the spelling of the name.",
    ),
    ("find_bills", {}, {"count": 0, "bills": []}, "There are no open bills for this search."),
    (
        "list_ledger_accounts",
        {},
        {"count": 0, "accounts": []},
        "There are no accounts in the chart yet.",
    ),
    (
        "trial_balance",
        {},
        {"as_of": "2026-03-31", "count": 0, "accounts": [], "totals": []},
        "Nothing has been posted up to 31 Mar 2026, so the trial balance is empty.",
    ),
]
