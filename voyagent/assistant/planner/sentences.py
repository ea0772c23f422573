"""What the assistant says about what it found or did: short, exact, each amount with its currency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from voyagent.assistant.moves import Call, Outcome
from voyagent.assistant.planner.intake import NOTES_MAX, Intake
from voyagent.assistant.planner.wording import _, language, ngettext
from voyagent.kernel.money import spoken
from voyagent.trips.service.passports import MASK

SHOWN_MAX = 8
# Examples stay in English: that is what this planner reads.
SHOW = "show new enquiries to Dubai"
FLIGHTS = "flights from Mumbai to Dubai on 12 Dec for 2 adults"
HOTELS = "hotels in Goa 12–15 Dec for 2 adults"
INVOICE = "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec"
OWES = "who owes us more than 50,000"
money = spoken


def day(value: str | date) -> str:
    """A day in words: `10 Dec 2026`."""
    return format_date(
        date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y", locale=language()
    )


def moment(value: str) -> str:
    """A day with its time, as suppliers write it: `12 Dec 2026 20:25`."""
    return f"{day(value[:10])} {value[11:16]}".strip()


def local(instant: str, timezone: str) -> str:
    """An instant on the agency's clock."""
    return moment(datetime.fromisoformat(instant).astimezone(ZoneInfo(timezone)).isoformat())


def status_word(status: str) -> str:
    """The status of an enquiry within a sentence; none for one that we do not know."""
    return {
        "new": _("new"),
        "open": _("open"),
        "quoted": _("quoted"),
        "booked": _("booked"),
        "cancelled": _("cancelled"),
    }.get(status, "")


def help_text() -> str:
    """What the assistant can do, with examples to say."""
    return "\n".join(
        (
            _(
                "I work for the three desks of your agency: tickets and visas, hotels and holidays,"
                " accounts. You can say, for example:"
            ),
            f"• {SHOW} · what does Deepa Krishnan want",
            "• " + _("paste a customer’s message, and I log it as an enquiry"),
            f"• {FLIGHTS} · {HOTELS}",
            "• do Indians need a visa for Thailand · show the trip",
            f"• {INVOICE} · issue the draft",
            f"• {OWES} · bank balance · trial balance as of 31 March",
            _("Anything that moves money or is sent outside the agency needs approval."),
        )
    )


def masked_number() -> str:
    """Of a passport's number in somebody's words."""
    return _("I take no passport’s number by words, and have masked the one you said.")


def passport_form(name: str, trip_id: str, passenger_id: str) -> str:
    """A link to the form that takes somebody's passport."""
    return f"[{name}](/trips/{trip_id}/passengers/{passenger_id})"


def way_out() -> str:
    """How to leave a question of ours without an answer."""
    return _("Or say “never mind”.")


def tell(call: Call, outcome: Outcome) -> str:
    """The result of a tool, in words."""
    if outcome.error is not None:
        return refusal(call.tool, outcome)
    teller = _TELLERS.get(call.tool)
    return teller(call.arguments, outcome.output) if teller else _("Done.")


def refusal(tool: str, outcome: Outcome) -> str:
    """Why a tool did not do it, in the rule's own sentence."""
    what = {
        "create_enquiry": _("I could not log the enquiry."),
        "draft_invoice": _("I could not draw up the invoice."),
        "create_invoice": _("I could not draw up the invoice."),
        "issue_invoice": _("I could not issue the invoice."),
    }.get(tool, "" if outcome.message else _("That did not work."))
    return f"{what} {outcome.message}".strip()


def logged(intake: Intake, outcome: Outcome) -> str:
    """What was taken from a customer's message, each with the words that gave it, and what stayed
    open.
    """
    found = intake.index
    lines = [
        _("Logged as a new enquiry from %(name)s.", name=outcome.output.get("customer_name", ""))
    ]
    for name, label in _labels().items():
        field = found.get(name)
        if field is None or name == "customer_name":
            continue
        value = (
            day(field.value)
            if name.endswith("_date")
            else (
                money(field.value, found["budget_currency"].value)
                if name == "budget_amount"
                else str(field.value)
            )
        )
        lines.append(
            f"• {label}: {value}" + ("" if value == field.words else f" (“{field.words}”)")
        )
    currency = found.get("budget_currency")
    if currency and not currency.words:
        lines.append(
            _(
                "The budget had no currency, so I took %(currency)s, the agency’s.",
                currency=currency.value,
            )
        )
    lines += [] if "pax_count" in found else [_("• people: 1, since nothing says how many")]
    empty = [
        label for name, label in _labels().items() if name not in found and name != "pax_count"
    ]
    if empty:
        lines.append(
            _("I read nothing of these, so they are empty: %(fields)s.", fields=", ".join(empty))
        )
    if intake.other_emails:
        taken, others = found.get("customer_email"), ", ".join(intake.other_emails)
        lines.append(
            _(
                "There are several e-mail addresses in it: I took %(taken)s as the customer’s, not"
                " %(others)s.",
                taken=taken.value,
                others=others,
            )
            if taken
            else _(
                "There are several e-mail addresses in it, and none is clearly the customer’s, so I"
                " took none: %(others)s.",
                others=others,
            )
        )
    if intake.left_open:
        lines.append(
            _(
                "Left open, it stands in the notes: %(words)s.",
                words=", ".join(f"“{words}”" for words in dict.fromkeys(intake.left_open)),
            )
        )
    if intake.wishes:
        lines.append(
            _(
                "Their wishes stand in the notes: %(words)s.",
                words=", ".join(f"“{words}”" for words in intake.wishes),
            )
        )
    if MASK in intake.notes:
        lines.append(masked_number())
    if len(intake.notes) == NOTES_MAX:
        lines.append(
            _(
                "The message was long; the notes hold its first %(num)s characters.",
                num=f"{NOTES_MAX:,}",
            )
        )
    return "\n".join(lines)


def proposed_invoice(arguments: dict[str, Any], took: list[str]) -> str:
    """What is said before the proposal of a draft."""
    lines = arguments["line_items"]
    listed = "\n".join("• " + _line(line) for line in lines)
    dates = _(
        "Issued %(issue)s, due %(due)s.",
        issue=day(arguments["issue_date"]),
        due=day(arguments["due_date"]),
    )
    head = _("An invoice for %(name)s:", name=arguments["customer_name"])
    tail = _("Nothing is created until it is approved.")
    return "\n".join((head, listed, " ".join((dates, *took, tail))))


def bill_to_enter(arguments: dict[str, Any]) -> str:
    """What is said before the proposal of a bill."""
    lines = arguments["line_items"]
    total = sum(Decimal(line["unit_price"]) * line["quantity"] for line in lines)
    return _(
        "Bill %(reference)s of %(name)s, %(amount)s for %(what)s: of %(issued)s, due %(due)s. It"
        " is entered once approved.",
        reference=arguments["vendor_reference"],
        name=arguments["vendor_name"],
        amount=money(str(total), lines[0]["currency"]),
        what=", ".join(line["description"] for line in lines),
        issued=day(arguments["issue_date"]),
        due=day(arguments["due_date"]),
    )


def drafted(output: dict[str, Any]) -> str:
    """After the grant of a draft, and before its issue is proposed."""
    return _(
        "The draft for %(name)s is created, %(total)s. Issuing gives it the next number and posts"
        " it to the books; that needs a separate approval.",
        name=output.get("customer_name", ""),
        total=money(output["total_amount"], output["currency"]),
    )


def issued(output: dict[str, Any]) -> str:
    """After the grant of an issue."""
    return _(
        "Invoice %(number)s to %(name)s is issued and posted: %(total)s, due %(due)s. Receivables"
        " and the trial balance show it.",
        number=output["number"],
        name=output.get("customer_name", ""),
        total=money(output["total_amount"], output["currency"]),
        due=day(output["due_date"]),
    )


def rejected(reason: str) -> str:
    """After a rejection: that nothing was done, the reason given, and how it goes on."""
    told = (
        _("Declined. Nothing was changed. Reason: %(reason)s", reason=reason)
        if reason
        else _("Declined. Nothing was changed.")
    )
    return "\n".join((told, _("Say it again with what is to be different, and I ask for it anew.")))


def why_rejected(rejected: dict[str, Any]) -> str:
    """The answer to a question for the reason; `rejected` as the context has it."""
    if not rejected:
        return _("Nothing in this conversation was declined.")
    told = {"summary": rejected["summary"], "person": rejected["by"]}
    if rejected["reason"]:
        return _(
            "%(person)s declined “%(summary)s”. Reason: %(reason)s",
            reason=rejected["reason"],
            **told,
        )
    return _("%(person)s declined “%(summary)s” without a reason.", **told)


def several_drafts(invoices: list[dict[str, Any]]) -> str:
    """More than one draft could be meant."""
    listed = "\n".join(
        f"• {invoice['customer_name']},"
        f" {money(invoice['total']['amount'], invoice['total']['currency'])}"
        for invoice in invoices[:SHOWN_MAX]
    )
    return "\n".join(
        (
            _(
                "There are several drafts. Say whose, such as “issue the invoice for %(name)s”.",
                name=invoices[0]["customer_name"],
            ),
            listed,
        )
    )


def _line(line: dict[str, Any]) -> str:
    amount = money(line["unit_price"], line["currency"])
    return f"{line['description']}, " + (
        f"{line['quantity']} × {amount}" if line["quantity"] > 1 else amount
    )


def _labels() -> dict[str, str]:
    return {
        "customer_name": _("name"),
        "customer_email": _("e-mail"),
        "customer_phone": _("phone"),
        "origin": _("origin"),
        "destination": _("destination"),
        "depart_date": _("departure"),
        "return_date": _("return"),
        "pax_count": _("people"),
        "budget_amount": _("budget"),
    }


def _found_enquiries(arguments: dict[str, Any], output: dict[str, Any]) -> str:
    total = output["total"]
    if total == 0:
        return _("No enquiry fits that.")
    kind = status_word(str(arguments.get("status")))
    head = ngettext(
        "One %(kind)s enquiry.", "%(num)d %(kind)s enquiries.", total, kind=kind
    ).replace("  ", " ")
    shown = output["enquiries"][:SHOWN_MAX]
    lines = ["• " + enquiry_line(enquiry) for enquiry in shown]
    more = [_("and %(num)d more", num=total - len(shown))] if total > len(shown) else []
    return "\n".join([head, *lines, *more])


def enquiry_line(enquiry: dict[str, Any]) -> str:
    """An enquiry in one line: who, where, when, how many."""
    route = " → ".join(
        place for place in (enquiry.get("origin"), enquiry.get("destination")) if place
    )
    departs, returns = enquiry.get("depart_date"), enquiry.get("return_date")
    when = " – ".join(day(value) for value in (departs, returns) if value)
    people = ngettext("one person", "%(num)d people", enquiry["pax_count"])
    return ", ".join(
        part
        for part in (enquiry["customer_name"], route, when, people, status_word(enquiry["status"]))
        if part
    )


def _summary(_arguments: dict[str, Any], output: dict[str, Any]) -> str:
    if output["found"] == 0:
        return _("I found no enquiry of that customer.")
    if output["found"] > 1 and "enquiry" not in output:
        return "\n".join(
            [
                _("Several enquiries fit. Which one?"),
                *("• " + enquiry_line(enquiry) for enquiry in output["enquiries"][:SHOWN_MAX]),
            ]
        )
    enquiry = output["enquiry"]
    unknown = [
        label
        for name, label in _labels().items()
        if enquiry.get(name) in (None, "") and name != "customer_name"
    ]
    lines = [_("%(enquiry)s.", enquiry=enquiry_line(enquiry))]
    budget = enquiry.get("budget")
    if budget:
        lines.append(_("Budget %(budget)s.", budget=money(budget["amount"], budget["currency"])))
        unknown.remove(_("budget"))
    reach = ", ".join(
        value for value in (enquiry.get("customer_email"), enquiry.get("customer_phone")) if value
    )
    if reach:
        lines.append(_("Reach them at %(reach)s.", reach=reach))
    if unknown:
        lines.append(_("Not known: %(fields)s.", fields=", ".join(unknown)))
    if enquiry.get("notes"):
        lines.append(
            _("In their words: “%(notes)s”", notes=" ".join(str(enquiry["notes"]).split())[:600])
        )
    return "\n".join(lines)


def _receivables(arguments: dict[str, Any], output: dict[str, Any]) -> str:
    customers = output["customers"]
    if not customers:
        return _nobody_owes(arguments)
    lines = ["• " + _owed(customer) for customer in customers[:SHOWN_MAX]]
    if len(customers) > SHOWN_MAX:
        lines.append(_("and %(num)d more", num=len(customers) - SHOWN_MAX))
    totals = ", ".join(money(total["amount"], total["currency"]) for total in output["totals"])
    tail = [_("Together %(totals)s.", totals=totals)] if len(customers) > 1 else []
    if arguments.get("overdue_days"):
        lines.insert(
            0,
            ngettext(
                "Overdue by a day or more:",
                "Overdue by %(num)d days or more:",
                arguments["overdue_days"],
            ),
        )
    head = ngettext(
        "One customer owes, as of %(day)s:",
        "%(num)d customers owe, as of %(day)s:",
        len(customers),
        day=day(output["as_of"]),
    )
    return "\n".join([head, *lines, *tail])


def _nobody_owes(arguments: dict[str, Any]) -> str:
    """That nothing is owed of what was asked for: by somebody, above an amount, past its day, in a
    currency.
    """
    bound, currency = (
        arguments.get("more_than") or arguments.get("at_least"),
        arguments.get("currency"),
    )
    whose, days = arguments.get("customer_name"), arguments.get("overdue_days")
    if whose:
        told = _("I find nothing that %(name)s owes.", name=whose)
    elif bound:
        return _("Nobody owes more than %(bound)s.", bound=money(bound, str(currency)))
    elif days:
        told = ngettext(
            "Nothing is overdue by a day or more.",
            "Nothing is overdue by %(num)d days or more.",
            days,
        )
    else:
        told = (
            _("Nothing is overdue.")
            if arguments.get("overdue_only")
            else _("Nobody owes anything.")
        )
    return f"{told} {of_one_currency(arguments)}".strip()


def of_one_currency(arguments: dict[str, Any]) -> str:
    """A word on an empty answer, where what is owed in one currency alone was looked at; nothing
    elsewhere.
    """
    currency = arguments.get("currency")
    return (
        _("I looked at what is owed in %(currency)s alone.", currency=currency) if currency else ""
    )


def _owed(customer: dict[str, Any]) -> str:
    owed = f"{customer['name']}, {money(customer['amount'], customer['currency'])}"
    overdue = Decimal(customer["overdue"])
    if not overdue:
        return owed
    if overdue == Decimal(customer["amount"]):
        return f"{owed} ({_('overdue')})"
    return (
        f"{owed}"
        f" ({_('of it overdue: %(amount)s', amount=money(customer['overdue'], customer['currency']))})"
    )


def _accounts(_arguments: dict[str, Any], output: dict[str, Any]) -> str:
    head = ngettext("One account.", "%(num)d accounts.", output["count"])
    types = {
        "asset": _("asset"),
        "liability": _("liability"),
        "equity": _("equity"),
        "revenue": _("revenue"),
        "expense": _("expense"),
    }
    return "\n".join(
        [
            head,
            *(
                f"• {account['code']} {account['name']} ({types[account['type']]})"
                for account in output["accounts"]
            ),
        ]
    )


def _balance(_arguments: dict[str, Any], output: dict[str, Any]) -> str:
    account = output["account"]
    sides = [
        (
            f"{money(balance['amount'].lstrip('-'), balance['currency'])}"
            f" {_('credit') if balance['amount'].startswith('-') else _('debit')}"
            if Decimal(balance["amount"])
            else money(balance["amount"], balance["currency"])
        )
        for balance in output["balances"]
    ]
    return _(
        "%(code)s %(name)s stands at %(balance)s on %(day)s.",
        code=account["code"],
        name=account["name"],
        balance=", ".join(sides),
        day=day(output["as_of"]),
    )


def _trial_balance(_arguments: dict[str, Any], output: dict[str, Any]) -> str:
    if not output["totals"]:
        return _(
            "Nothing has been posted up to %(day)s, so the trial balance is empty.",
            day=day(output["as_of"]),
        )
    lines = [
        _(
            "%(currency)s: debits %(debit)s, credits %(credit)s, %(state)s.",
            currency=total["currency"],
            debit=money(total["debit"], total["currency"]),
            credit=money(total["credit"], total["currency"]),
            state=_("in balance") if total["in_balance"] else _("NOT in balance"),
        )
        for total in output["totals"]
    ]
    head = ngettext(
        "Trial balance as of %(day)s, one account.",
        "Trial balance as of %(day)s, %(num)d accounts.",
        output["count"],
        day=day(output["as_of"]),
    )
    return "\n".join([head, *lines])


_TELLERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], str]] = {
    "find_enquiries": _found_enquiries,
    "summarise_enquiry": _summary,
    "list_receivables": _receivables,
    "list_ledger_accounts": _accounts,
    "read_account_balance": _balance,
    "trial_balance": _trial_balance,
}
