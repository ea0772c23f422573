"""Wishes for the accounts desk in plain English: what is owed to suppliers, invoices and bills,
payments, entries made by hand, settlement plans.
"""

from __future__ import annotations

import re

from voyagent.assistant.moves import Call, Context, Move, Say
from voyagent.assistant.planner import entries, papers, writeoffs
from voyagent.assistant.planner.questions import (
    as_of,
    bounds,
    due_in,
    in_currency,
    issued_in,
    overdue,
)
from voyagent.assistant.planner.wishes import (
    Wish,
    address_in,
    amount_in,
    days_in,
    figures_in,
    two_sums,
)
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text import quantities
from voyagent.kernel.text.passages import lead
from voyagent.kernel.text.people import POSSESSIVE, as_firm, as_name, without_possessive

_FULL = re.compile(
    r"\b(?:in full|(?:the )?(?:rest|remainder|balance)(?= of\b|\s*$)|"
    r"(?:the )?full amount|fully|everything|the whole (?:amount|invoice|bill)|all of"
    r" it)\b|\bmark\b.*\bas paid\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"^\s*(?:ok(?:ay)?[,. ]+|please\s+|pls\s+|can you\s+|could you\s+)*(?:create|make|raise|draw"
    r" up|prepare|write)\s+(?:an?\s+|the\s+)?(?:tax\s+)?invoice\s+"
    r"(?:no\.?|number|#)?\s*(?P<year>\d{4}(?:-\d{2})?)/(?P<number>\d{1,6})\b(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_BILLED_TO = re.compile(
    r"[,;]?\s*\b(?:billed to|bill to|billing address|address)\s*(?:is|:)?\s*(?P<address>.+)$",
    re.IGNORECASE,
)
_CUSTOMER = re.compile(
    r"^\s*,?\s*(?:for|to)\s+(?P<name>[A-Za-z][^\d,;:₹$€£]*?)(?=\s+(?:for|of|at)\b|[,;:]|\s*[₹$€£\d]|\s+(?-i:[A-Z]{3})\s*\d|\s*$)",
    re.IGNORECASE,
)
_TAX = re.compile(r"\b(?:[csi]?gst|vat|tcs|tds|(?:income|service)?\s?tax(?:es)?)\b", re.IGNORECASE)
_PAYABLES = re.compile(
    r"\b(?:who|whom|what|how much|which suppliers?)\b.*\b(?:do |are )?we (?:still )?owe\b|\bdo we"
    r" (?:still )?owe\b|\bpayables\b(?<!trade payables)"
    r"|\bcreditors\b|\bwhat is owed to (?:suppliers|vendors)\b|\bsuppliers? (?:to"
    r" pay|outstanding)\b",
    re.IGNORECASE,
)
_OWED_TO = (
    re.compile(
        r"\b(?:do we (?:still )?owe|we (?:still )?owe|owed"
        r" to)\s+(?:to\s+)?(?P<name>(?!more\b|over\b|at\b|in\b|to\b|as\b|suppliers|vendors)[^?,]+?)"
        r"\s*(?:now|today|anything)?\s*[?.]?$",
        re.IGNORECASE,
    ),
    re.compile(r"\bpayables?\s+(?:of|to|for)\s+(?P<name>[A-Z][^?]+?)\s*[?.]?$"),
)
_OPENERS = (
    r"(?:(?:please|show|list|find|see|get|give|display|open|any|me|all|the|which|what|are|is)\s+)*"
)
_THEIRS = rf"^\s*(?!(?:add|enter|record|pay|settle|mark|issue|void|we|i)\b)[a-z][\w.&-]*(?:\s+[\w.&-]+){{0,4}}{POSSESSIVE}\s+(?:\w+\s+)?"
_BILLS = re.compile(
    r"\b(?:show|list|find|which|what|any|see|search|look"
    r" ?up)\b.*\bbills?\b|^\s*(?:the\s+)?(?:open|unpaid|overdue|all|our)?\s*bills?\b"
    r"\s*(?:from|of|by|(?:that\s+(?:are|fall)\s+)?(?:due|payable)|\?|$)|\b(?:open|unpaid|outstanding)"
    r" bills\b"
    rf"|{_THEIRS}bills\s*[?.]*$",
    re.IGNORECASE,
)
_BILL_OF = re.compile(
    r"\bbills?\s+(?:from|of|by)\s+(?P<name>[^?,]+?)(?=\s+(?:that (?:are|is)"
    r" )?(?:due|payable)\b|\s*[?.]?$)"
    rf"|^\s*{_OPENERS}(?P<whose>[A-Za-z][\w.&-]*(?:\s+[\w.&-]+){{0,4}}){POSSESSIVE}\s+(?:\w+\s+)?bills?\b",
    re.IGNORECASE,
)
_INVOICES = re.compile(
    r"\b(?:show|list|find|which|what|any|see|search|look ?up|open|how"
    r" many|display)\b.*\b(?:invoices?|drafts)\b"
    r"|^\s*(?:the\s+|all\s+|our\s+)?(?:draft|open|issued|paid|overdue|void|partly paid|partially"
    r" paid)\s+invoices\b|^\s*drafts\s*\??$"
    rf"|{_THEIRS}(?:invoices|drafts)\s*[?.]*$",
    re.IGNORECASE,
)
_INVOICE_STATES = (
    ("draft", r"\bdrafts?\b"),
    ("overdue", r"\b(?:overdue|late|past due)\b"),
    ("partially_paid", r"\bpart(?:ly|ially) paid\b"),
    ("void", r"\b(?:void|cancelled)\b"),
    ("open", r"\b(?:open|unsettled)\s+(?:invoices?)\b"),
    ("paid", r"\b(?<!not )(?:paid|settled)\b"),
    ("issued", r"\bissued\b"),
)
_A_TIME = re.compile(r"\b(?:week|month|quarter|year|days?)\s*$", re.IGNORECASE)
_INVOICES_OF = re.compile(
    r"\b(?:invoices?|drafts?)\s+(?:of|for|to|from)\s+(?P<name>[^?,\d]+?)\s*[?.]?$|\b(?P<whose>[A-Z][\w.’'-]*?(?:\s+[A-Z][\w.-]*){0,3})"
    rf"{POSSESSIVE}\s+(?:\w+\s+)?(?:invoices?|drafts?)\b",
    re.IGNORECASE,
)
_RECEIPT = (
    re.compile(
        r"^\s*(?:please\s+)?(?:record|note|enter|log|book|add)\s+(?:a\s+|the\s+)?(?:payment|receipt|money)\b(?!.*\b(?:to|bill)\s)(?P<rest>.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:we\s+)?(?:have\s+)?(?:received|got)\s+(?P<rest>.*\b(?:from|against|for)\b.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:a\s+)?(?:payment|receipt)\s+(?:received\s+)?(?:from|of|against)\b(?P<rest>.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(r"^\s*(?P<rest>mark\s+invoice\b.*\bas paid\b.*)$", re.IGNORECASE | re.DOTALL),
)
_PAYMENT_OF = re.compile(
    r"^\s*(?:please\s+|can you\s+)?(?:record|note|enter|log|add)\s+(?P<name>[A-Za-z][\w."
    rf" -]*?){POSSESSIVE}\s+(?:payment|receipt)\b(?P<rest>[^?]*)$",
    re.IGNORECASE,
)
_HAS_PAID = re.compile(
    r"^\s*(?!we\b|i\b|who\b|what\b|has\b|have\b|did\b|which\b|part|not\b|un|all\b|show\b|list\b|find\b|see\b|any\b|the\s+paid|our\b|get\b|give\b|search\b)"
    r"(?P<name>[^\d,?]+?)\s+(?:has\s+|have\s+|just\s+)?(?:paid|transferred|deposited)\b(?!\s+(?:invoices?|bills?)\b(?!\s+(?:no\.?\s*|number\s+)?\d))(?P<rest>[^?]*)$",
    re.IGNORECASE,
)
_CASH = re.compile(r"\bcash\b(?!\s+(?-i:[A-Z]))", re.IGNORECASE)
_NO_CASH = re.compile(
    r"\b(?:cards?|cheques?|checks?|upi|bank|neft|rtgs|imps|transfer|wire|gpay)\b", re.IGNORECASE
)
_WAS_PAID = re.compile(r"^\s*(?P<name>[A-Z][^\d,?]+?)\s+(?:was|were|has been|have been)\s+paid\b")
_TO_OTHERS = re.compile(r"\bto\s+(?!us\b|our\b|the\b|me\b|bank\b|cash\b)(?-i:[A-Z])", re.IGNORECASE)
_BELOW = re.compile(r"\b(?:minus|negative)\s+\S*\d|(?<![\w/-])[-−]\d", re.IGNORECASE)
_FROM = re.compile(
    r"\b(?:from|by)\s+(?P<name>[^\d,;₹$€£]+?)"
    r"(?=\s+(?:on|for|against|yesterday|today|last|in|as|of|dated|this|by|via|through|into|using)\b|[,;.]|\s*[₹$€£\d]|\s+(?-i:[A-Z]{3})\s*\d|\s*$)",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r"\b(?:out"
    r" of|from|by|via|through|using|in|into)\s+(?:the\s+|our\s+)?(?:bank(?:\s+account)?|(?:petty\s+)?cash|upi|gpay|neft|rtgs|imps|cheque|check|card)\b",
    re.IGNORECASE,
)
_PAID_BILL = (
    re.compile(
        r"^\s*(?:we\s+(?:have\s+)?(?:just\s+)?paid|i\s+(?:have\s+)?paid)\s+(?P<rest>.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?P<rest>(?-i:[A-Z])[^\d,?]+?\s+(?:was|were|has been|have been)\s+paid\b.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:please\s+)?(?:pay|settle|mark)\s+(?:the\s+|our\s+)?(?P<rest>(?=.*\bbill\b).*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:please\s+)?(?:pay|settle|clear)\s+(?!.*\binvoices?\b)(?P<rest>(?=.*(?:\bin"
        r" full\b|\bfully\b|\d)|(?-i:[A-Z])).*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:please\s+)?(?:record|note|enter)\s+(?:a\s+|the\s+|our\s+)?payment\s+(?P<rest>.*\b(?:to|bill)\s.*)$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*paid\s+(?P<rest>(?=.*(?:\bbill\b|\b[A-Z]{2,8}[-/]\d)).*)$", re.IGNORECASE | re.DOTALL
    ),
)
_TO = re.compile(
    r"\b(?:to|of|from)\s+(?P<name>[A-Za-z][^\d,;]+?)(?=\s+(?:on|for|against|yesterday|today|last|in|as|dated)\b|[,;.]|\s*\d"
    r"|\s*$)",
    re.IGNORECASE,
)
_NAME_FIRST = re.compile(
    r"^(?:the\s+)?(?P<name>[A-Za-z][A-Za-z&.’'"
    r" -]*?)(?:'s|’s)?(?:\s+bill\b|\s*[,:]|\s+(?=[₹$€£\d])|\s+(?:in"
    r" full|on|yesterday|today|[A-Z]{3}\s*\d)|\s*$)"
)
_ENTER_BILL = re.compile(
    r"^\s*(?:please\s+|can you\s+)?(?:enter|record|log|receive|book|add|register)\s+"
    r"(?:a\s+|the\s+|this\s+|new\s+)*(?:supplier'?s?\s+|vendor\s+)?bill\b(?P<rest>.*)$"
    r"|^\s*(?:we\s+)?(?:have\s+)?(?:got|received)\s+(?:an?\s+|the\s+|this\s+|our\s+)(?:\w+\s+){0,2}bill\b(?P<rest2>.*)$|^\s*new"
    r" bill\b(?P<rest3>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_BILL_TOLD = re.compile(
    r"^\s*(?:(?:draft|create|make|prepare)\s+)?(?:an?\s+|the\s+)?(?:supplier'?s?\s+|vendor\s+)?bill"
    r"(?P<rest>\s+(?:(?:no\.?\s*|number\s+|#)?[A-Za-z]{0,8}[-/]?\d[\w/-]*\s+)?from\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_FOR = re.compile(
    r"\bfor\s+(?P<what>(?!₹|\$|€|£|\d|[A-Z]{3}\s*\d)[^,;\n]+?)(?=\s+(?:due|dated|on|from)\b|[,;\n]|\s*$)",
    re.IGNORECASE,
)
_FOR_SO_MANY = re.compile(
    r"\bfor\s+(?P<what>\d{1,2}\s+(?:[a-z]+\s+){0,3}(?:tickets?|visas?|rooms?|nights?|seats?|transfers?|packages?|pax)\b[^,;\n\d]*)",
    re.IGNORECASE,
)
_DUE = re.compile(r"\b(?:due|payable)\b", re.IGNORECASE)
_BSP = re.compile(
    r"\bbsp\b.*\b(?:statement|report|billing|settlement"
    r" plan)\b|\b(?:fetch|get|download|reconcile|check)\b.*\bbsp\b",
    re.IGNORECASE,
)


def recognise(message: str, context: Context) -> Wish | Move | None:
    """A wish for the accounts desk, or None."""
    for read in (
        writeoffs.recognise,
        numbered_invoice,
        bsp,
        entries.journal,
        enter_bill,
        paid_bill,
        receipt,
        payables,
        bills,
        invoices,
    ):
        found = read(message, context)
        if found is not None:
            return found
    return None


def payables(message: str, context: Context) -> Call | Say | None:
    """`whom do we owe`, `how much do we owe BSP India`, `payables as of 31 March`; taxes are not
    among what suppliers are owed.
    """
    if not _PAYABLES.search(message):
        return None
    tax = _TAX.search(message)
    if tax:
        return Say(
            _(
                "Taxes are not reckoned here yet, so I cannot say how much %(tax)s is owed. “chart"
                " of accounts” shows whether there is an account for it.",
                tax=tax.group(),
            )
        )
    arguments, rest = as_of(message, context.today)
    narrowed, rest, words = in_currency(rest, context)
    arguments |= narrowed | overdue(rest)
    for pattern in _OWED_TO:
        match = pattern.search(rest)
        name = as_firm(without_possessive(match["name"])) if match else None
        if name:
            arguments["vendor_name"] = name
            break
    return Call("list_payables", arguments, words=words)


def bills(message: str, context: Context) -> Call | None:
    """`open bills`, `bills from BSP India`, `find bill BSP-7`, `bills due next week`."""
    if not _BILLS.search(message):
        return None
    reference, whose = papers.BILL.search(message), _BILL_OF.search(message)
    if reference:
        return Call("find_bills", {"vendor_reference": reference["ref"]})
    name = as_firm(without_possessive(whose["name"] or whose["whose"])) if whose else None
    return Call(
        "find_bills", ({"vendor_name": name} if name else {}) | due_in(message, context.today)
    )


def invoices(message: str, context: Context) -> Call | None:
    """`overdue invoices`, `show the drafts`, `invoices of Deepa Krishnan`, `find invoice
    2026-27/000012`.
    """
    if not _INVOICES.search(message) or re.search(r"\bunpaid\b|\bowe", message, re.IGNORECASE):
        return None
    number = papers.invoice_in(message)
    if number:
        return Call("find_invoices", {"number": number[0]})
    arguments: dict[str, str] = {}
    status = next(
        (name for name, words in _INVOICE_STATES if re.search(words, message, re.IGNORECASE)), None
    )
    if status:
        arguments["status"] = status
    whose = _INVOICES_OF.search(message)
    said = (whose["name"] or whose["whose"]) if whose else ""
    said = "" if _A_TIME.search(said) else said
    about = re.search(
        r"\b(?:her|his|their|this (?:customer|client)'?s?)\s+(?:\w+\s+)?invoices?\b",
        message,
        re.IGNORECASE,
    )
    if context.enquiry and (
        about
        or (re.search(r"\b(?:the|this|that)\s+invoice\b", message, re.IGNORECASE) and not said)
        or said.strip().lower() in {"her", "him", "them", "this customer", "the customer"}
    ):
        name: str | None = context.enquiry.customer_name
    else:
        name = (
            as_name(without_possessive(re.sub(rf"^{_OPENERS}", "", said, flags=re.IGNORECASE)))
            if said
            else None
        )
    if arguments.get("status") != "draft" and not re.search(r"\bdue\b", message, re.IGNORECASE):
        arguments |= issued_in(message, context.today)
    left_out = (
        _("I cannot narrow invoices by their amount; these fit all the rest.")
        if bounds(message, context)
        else ""
    )
    return Call(
        "find_invoices", arguments | ({"customer_name": name} if name else {}), words=left_out
    )


def receipt(message: str, context: Context) -> Wish | Say | None:
    """`Deepa Krishnan paid 20,000 yesterday`, `record a payment of 45,000 from Deepa`, `mark
    invoice 2026-27/000012 as paid`.
    """
    match = next((found for pattern in _RECEIPT if (found := pattern.match(message))), None)
    paid = None if match else _PAYMENT_OF.match(message) or _HAS_PAID.match(message)
    if match is None and paid is None:
        return None
    if paid is not None and (as_firm(paid["name"]) is None or _TO_OTHERS.search(paid["rest"])):
        return None
    unclear = _unclear(message, context)
    if unclear is not None:
        return unclear
    known = _settlement(message, context)
    number, whose = papers.invoice_in(message), _FROM.search(message) if match else None
    if number:
        known["number"] = number[0]
    name = as_firm(without_possessive((paid or whose)["name"])) if paid or whose else None  # type: ignore[index]
    if name:
        known["customer_name"] = name
    elif context.enquiry and not number:
        known["customer_name"] = context.enquiry.customer_name
    return Wish("record_receipt", known)


def paid_bill(message: str, context: Context) -> Wish | Say | None:
    """`we paid BSP India 8,000`, `pay bill BSP-7 in full`, `record a payment of 8,000 to BSP
    India`.
    """
    match = next((found for pattern in _PAID_BILL if (found := pattern.match(message))), None)
    if match is None:
        return None
    unclear = _unclear(message, context)
    if unclear is not None:
        return unclear
    rest = _MEANS.sub(" ", match["rest"])
    known = _settlement(message, context)
    reference = papers.BILL.search(rest) or papers.BARE_BILL.search(rest)
    if reference:
        known["vendor_reference"] = reference["ref"]
        rest = rest if reference.re is papers.BILL else rest.replace(reference["ref"], " ", 1)
    whose = _WAS_PAID.match(rest) or _TO.search(rest) or _NAME_FIRST.match(rest.strip())
    name = (
        as_firm(
            re.sub(
                r"\s+bill$",
                "",
                re.sub(r"^the\s+", "", whose["name"].strip(), flags=re.IGNORECASE),
                flags=re.IGNORECASE,
            )
        )
        if whose
        else None
    )
    if name and name.lower() != "bill":
        known["vendor_name"] = name
    return Wish("pay_bill", known)


def enter_bill(message: str, context: Context) -> Wish | None:
    """`enter a bill from BSP India, B-7, 8,000 for settlement, due 25 Dec`; without the verb only
    where its amount is said, else the bill is looked for.
    """
    match = _ENTER_BILL.match(message) or _BILL_TOLD.match(message)
    if match is None:
        return None
    rest = next(part for part in match.groups() if part is not None)
    known: dict[str, object] = {}
    due = _DUE.search(rest)
    plain = rest[: due.start()] if due else rest
    reference = (
        papers.BILL.search("bill " + plain.lstrip())
        if re.match(r"\s*(?:no\.?|number|#)?\s*[\w/-]*\d", plain)
        else papers.BILL.search(plain)
    )
    bare = papers.BARE_BILL.search(plain)
    found = bare or reference
    if found:
        known["vendor_reference"] = found["ref"]
        plain = plain.replace(found["ref"], " ", 1)
    whose = re.search(
        r"\b(?:from|of|by)\s+(?!(?i:rs\.?|[a-z]{3})\s*\d)(?P<name>[A-Za-z][^\d,;:]*?)(?=\s+(?:for|of|dt|dated|due|on|bill|no|number|ref\w*|[A-Z]{3}(?=\s*\d))\b|[,;:₹$]"
        r"|\s*\d|\s*$)",
        plain,
    )
    name = as_firm(whose["name"]) if whose else None
    if name:
        known["vendor_name"] = name
    known |= _so_many_at(plain, context) or amount_in(plain, context)
    if match.re is _BILL_TOLD and "amount" not in known:
        return None
    what = _FOR.search(plain) or _FOR_SO_MANY.search(plain)
    if what:
        purpose = re.sub(
            r"\s+(?:number|no\.?|ref(?:erence)?|bill)\s*$",
            "",
            what["what"].strip(),
            flags=re.IGNORECASE,
        )
        known["description"] = purpose[:1].upper() + purpose[1:500]
    if due and (days := days_in(rest[due.start() :], context, "due")):
        known["due_date"] = days[0]
    issued = re.search(r"\b(?:dated|dt)\b(?P<when>.*)", plain, re.IGNORECASE)
    days = days_in(issued["when"] if issued else plain, context, "book")
    if len(days) == 1 or (issued and days):
        known["issue_date"] = days[0]
    return Wish("receive_bill", known)


def _so_many_at(plain: str, context: Context) -> dict[str, object]:
    """`2 days at 3,500`: what they come to."""
    for figure in figures_in(plain, context):
        many = quantities.quantity_of(plain[: figure.start], plain[figure.end :], each=figure.each)
        if many and figure.value > 0:
            return {
                "amount": str(figure.value * many.count),
                "currency": figure.currency or context.currency,
            }
    return {}


def numbered_invoice(message: str, context: Context) -> Wish | None:
    """`create invoice 2026-27/000013 for Deepa Krishnan, 45,000 for Dubai visa, due 10 Dec, billed
    to 12 MG Road, Kochi, India`.
    """
    match = _NUMBERED.match(message)
    if match is None:
        return None
    rest = match["rest"]
    known: dict[str, object] = {"invoice_number": f"{match['year']}/{int(match['number']):06d}"}
    billed = _BILLED_TO.search(rest)
    address = address_in(billed["address"], context) if billed else None
    if address:
        known["billing_address"] = address
    plain = rest[: billed.start()] if billed else rest
    due = _DUE.search(plain)
    if due and (days := days_in(plain[due.start() :], context, "due")):
        known["due_date"] = days[0]
    plain = plain[: due.start()] if due else plain
    whose = _CUSTOMER.match(plain)
    name = as_name(whose["name"]) if whose else None
    about = context.enquiry
    if about and (name is None or about.customer_name.casefold().startswith(name.casefold())):
        known["client_id"] = about.id
    elif name:
        known["customer_name"] = name
    what = plain[whose.end() :] if whose else plain
    named = _FOR.search(what)
    if named:
        known["description"] = named["what"].strip()[:1].upper() + named["what"].strip()[1:500]
    return Wish("create_invoice", known | amount_in(what, context))


def bsp(message: str, context: Context) -> Wish | None:
    """`fetch the BSP statement for 1–15 Nov`."""
    if not _BSP.search(message):
        return None
    days = days_in(message, context, "book")
    country = re.search(r"\b(?-i:of|in|for)\s+(?P<code>(?-i:[A-Z]{2}))\b", message)
    known: dict[str, object] = {"country": country["code"] if country else context.currency[:2]}
    return Wish(
        "fetch_bsp_statement", known | dict(zip(("period_start", "period_end"), days, strict=False))
    )


def _unclear(message: str, context: Context) -> Say | None:
    """What is said to a payment that is none, or more than one."""
    if _BELOW.search(message):
        return Say(
            _(
                "A payment is above zero. What goes back to somebody I cannot record; ask your"
                " accounts for a journal entry."
            )
        )
    if two_sums(message, context):
        return Say(
            _("One payment at a time, please: say the first, and when it is proposed the next.")
        )
    if papers.SHARE.search(message):
        return Say(_("Please give the amount as a number."))
    if _CASH.search(message) and _NO_CASH.search(message):
        return Say(
            _(
                "One payment at a time, please: say the cash first, and when it is proposed the"
                " rest."
            )
        )
    return None


def _settlement(message: str, context: Context) -> dict[str, object]:
    """What moved, and when: today where no day was said."""
    known: dict[str, object] = {}
    if _FULL.search(message):
        known["full"] = True
    else:
        figures = [
            figure
            for figure in figures_in(message, context)
            if figure.marked
            or "," in figure.words
            or not re.search(
                r"(?:invoice|bill|utr|ref\w*|cheque|txn|receipt|voucher|no\.?|#)\s*$",
                lead(message, figure.start),
                re.IGNORECASE,
            )
        ]
        if len(figures) == 1 and figures[0].value > 0 and not figures[0].ranged:
            known |= {"amount": figures[0].plain, "currency": figures[0].currency or ""}
        elif len({figure.currency for figure in figures if figure.currency}) == len(figures) == 2:
            known |= {
                "amount": figures[0].plain,
                "currency": figures[0].currency,
                "exchanged": True,
            }
    if _CASH.search(message):
        known["account"] = "cash"
    days = days_in(message, context, "book")
    known["paid_on"] = days[0] if days else context.today.isoformat()
    reference = re.search(
        r"\b(?:utr|ref(?:erence)?|cheque|check|txn|transaction|receipt|voucher)\b\.?\s*(?:no\.?|number|#)?\s*:?\s*(?P<ref>[A-Za-z0-9/-]*\d[A-Za-z0-9/-]*)",
        message,
        re.IGNORECASE,
    )
    if reference:
        known["reference"] = reference["ref"]
    return known
