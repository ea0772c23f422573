"""What the assistant says of documents, payments and trips: short, exact, each amount with its
currency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from voyagent.assistant.moves import Call, Outcome
from voyagent.assistant.planner import narrowing, prices, sentences
from voyagent.assistant.planner.sentences import (
    SHOWN_MAX,
    day,
    enquiry_line,
    issued,
    masked_number,
    moment,
    money,
    of_one_currency,
    passport_form,
)
from voyagent.assistant.planner.wording import _, ngettext, state
from voyagent.trips.words import board_word, country_name

JsonObject = dict[str, Any]


LISTS = {
    "find_enquiries": ("enquiries", "total"),
    "list_receivables": ("customers", "count"),
    "list_payables": ("suppliers", "count"),
    "find_invoices": ("invoices", "count"),
    "find_bills": ("bills", "count"),
}
"""Tools whose answer is a list of which the first are told: where its members stand, and how many
there are.
"""


def tell(tool: str, arguments: JsonObject, output: JsonObject) -> str | None:
    """The result of a tool in words; None for one that is told elsewhere."""
    teller = _TELLERS.get(tool)
    return teller(arguments, output) if teller else None


def further(call: Call, outcome: Outcome, told: int) -> str:
    """What follows of a list behind those that were told; the list's own page has what no tool
    gives at once.
    """
    key, total = LISTS[call.tool]
    members = outcome.output[key][told:]
    if not members:
        return _("That is all that I can say of this list; its own page has the rest.")
    left = {**outcome.output, key: members, total: max(outcome.output[total] - told, len(members))}
    words = tell(call.tool, call.arguments, left) or sentences.tell(
        call, replace(outcome, output=left)
    )
    head = _(
        "%(first)d–%(last)d of %(total)d:",
        first=told + 1,
        last=told + min(len(members), sentences.SHOWN_MAX),
        total=outcome.output[total],
    )
    return "\n".join((head, *words.splitlines()[1:]))


def done(tool: str, output: JsonObject) -> str:
    """After the grant of a proposal."""
    say = _DONE.get(tool)
    return say(output) if say else _("Done, as approved.")


def joined(people: list[JsonObject], *, said_number: bool = False) -> str:
    """Who travels along from now on, each with the form that takes the passport; a number that was
    said is masked, and that is told.
    """
    names = ", ".join(one["full_name"] for one in people)
    forms = ", ".join(
        passport_form(one["full_name"], one["trip_id"], one["passenger_id"]) for one in people
    )
    told = (
        _(
            "%(name)s travels along. The passport’s number goes in on this form: %(forms)s.",
            name=names,
            forms=forms,
        )
        if len(people) == 1
        else _(
            "%(names)s travel along. The passports’ numbers go in on these forms: %(forms)s.",
            names=names,
            forms=forms,
        )
    )
    return f"{told} {masked_number()}" if said_number else told


def _received(output: JsonObject) -> str:
    return _(
        "Recorded: %(amount)s of %(name)s. ",
        amount=money(output["amount"], output["currency"]),
        name=output["party_name"],
    ) + _still_open(output)


def _paid(output: JsonObject) -> str:
    return _(
        "Recorded: %(amount)s to %(name)s. ",
        amount=money(output["amount"], output["currency"]),
        name=output["party_name"],
    ) + _still_open(output)


def _written_off(output: JsonObject) -> str:
    told = _(
        "Written off: %(amount)s of invoice %(number)s. ",
        amount=money(output["amount"], output["currency"]),
        number=output["number"],
    )
    return told + (_("Paid in full.") if output["status"] == "paid" else _still_open(output))


def _rooms_given_back(output: JsonObject) -> str:
    charge = output.get("charge")
    if not charge or not Decimal(charge["amount"]):
        return _("The rooms are given back.")
    return _(
        "The rooms are given back; the hotel charges %(amount)s for it, which stands on the trip.",
        amount=money(charge["amount"], charge["currency"]),
    )


def _entered(output: JsonObject) -> str:
    return _(
        "Bill %(reference)s of %(name)s is entered, %(total)s.",
        reference=output["vendor_reference"],
        name=output["vendor_name"],
        total=money(output["total_amount"], output["currency"]),
    )


def _still_open(output: JsonObject) -> str:
    if output["status"] == "paid":
        return _("That settles it.")
    return _("Still open: %(amount)s.", amount=money(output["open_amount"], output["currency"]))


def _refund(*, can_be_given_back: bool) -> str:
    return ", " + _("refundable") if can_be_given_back else ""


def _numbered(head: str, lines: list[tuple[int, str]], total: int) -> str:
    """A list of which one can be picked by its number."""
    more = ["", _("and %(num)d more", num=total - len(lines))] if total > len(lines) else []
    return "\n".join([head, *(f"{number}. {line}" for number, line in lines), *more])


def _listed(head: str, lines: list[str], total: int) -> str:
    more = [_("and %(num)d more", num=total - len(lines))] if total > len(lines) else []
    return "\n".join([head, *("• " + line for line in lines), *more])


def _payables(arguments: JsonObject, output: JsonObject) -> str:
    suppliers = output["suppliers"]
    if not suppliers:
        name = arguments.get("vendor_name")
        told = (
            _("We owe %(name)s nothing.", name=name)
            if name
            else _("We owe no supplier anything that fits.")
        )
        return f"{told} {of_one_currency(arguments)}".strip()
    lines = [
        f"{one['name']}, {money(one['amount'], one['currency'])}" for one in suppliers[:SHOWN_MAX]
    ]
    head = ngettext(
        "We owe one supplier, as of %(day)s:",
        "We owe %(num)d suppliers, as of %(day)s:",
        output["count"],
        day=day(output["as_of"]),
    )
    totals = ", ".join(money(total["amount"], total["currency"]) for total in output["totals"])
    return _listed(head, lines, output["count"]) + (
        "\n" + _("Together %(totals)s.", totals=totals) if len(suppliers) > 1 else ""
    )


def _invoices(_arguments: JsonObject, output: JsonObject) -> str:
    if not output["invoices"]:
        return _("No invoice fits that.")
    lines = [
        f"{one.get('number') or _('draft')}, {one['customer_name']}, {_standing(one)}"
        for one in output["invoices"][:SHOWN_MAX]
    ]
    return _listed(
        ngettext("One invoice.", "%(num)d invoices.", output["count"]), lines, output["count"]
    )


def _standing(one: JsonObject) -> str:
    """What an invoice comes to, and what of it is still open and when it is due; turns of old kept
    no state.
    """
    total, status = (
        money(one["total"]["amount"], one["total"]["currency"]),
        one.get("status", "issued"),
    )
    if status in ("paid", "void"):
        return f"{total}, {_('paid') if status == 'paid' else _('void')}"
    is_part = (
        status != "draft"
        and one.get("open")
        and Decimal(one["open"]["amount"]) != Decimal(one["total"]["amount"])
    )
    left = (
        _(
            "%(total)s, of which %(open)s is open",
            total=total,
            open=money(one["open"]["amount"], one["open"]["currency"]),
        )
        if is_part
        else total
    )
    return f"{left}, {_('due %(day)s', day=day(one['due_date']))}"


def _bills(arguments: JsonObject, output: JsonObject) -> str:
    if not output["bills"]:
        nothing = _("No open bill fits that.")
        if not arguments.get("vendor_reference"):
            return nothing
        return f"{nothing} " + _(
            "To enter one say all of it: “enter a bill from BSP India, B-7, 8,000 for settlement,"
            " due 25 Dec”."
        )
    lines = [
        f"{one['vendor_reference']}, {one['vendor_name']},"
        f" {money(one['open']['amount'], one['open']['currency'])}, "
        + _("due %(day)s", day=day(one["due_date"]))
        for one in output["bills"][:SHOWN_MAX]
    ]
    return _listed(
        ngettext("One open bill.", "%(num)d open bills.", output["count"]), lines, output["count"]
    )


def _updated(_arguments: JsonObject, output: JsonObject) -> str:
    now = output["enquiry"]
    told = _("Changed. The enquiry is now: %(enquiry)s.", enquiry=enquiry_line(now))
    if "budget_amount" not in output.get("fields", ()) or not now.get("budget"):
        return told
    return (
        f"{told}"
        f" {_('The budget is %(amount)s.', amount=money(now['budget']['amount'], now['budget']['currency']))}"
    )


def _trip(_arguments: JsonObject, output: JsonObject) -> str:
    people = ", ".join(one["full_name"] for one in output["passengers"]) or _("nobody yet")
    lines = []
    for line in output["lines"]:
        when = f", {day(line['starts_on'])}" if line["starts_on"] else ""
        lines.append(
            f"{line['name']}{when}, {state(line['status'])},"
            f" {_('in the fare above') if prices.is_in_fare(line, output) else prices.or_none(line['price'])}"
        )
    told = [
        _listed(f"{output['title']}: {people}", lines[:SHOWN_MAX], len(lines)),
        prices.customer_pays(output),
    ]
    waits = [
        _("Waits for a decision: %(summary)s", summary=summary)
        for summary in output.get("waiting", ())[:SHOWN_MAX]
    ]
    return "\n".join(
        [*told, *waits, *(finding["sentence"] for finding in output["findings"][:SHOWN_MAX])]
    )


def _itinerary(_arguments: JsonObject, output: JsonObject) -> str:
    lines = [
        f"{one['flight']}, {one['origin']} → {one['destination']}, {moment(one['departs_at'])}"
        for one in output["flights"]
    ]
    lines += [
        f"{one['name']}, {one['city']}, {day(one['check_in'])} – {day(one['check_out'])}"
        for one in output["hotels"]
    ]
    lines += [
        f"{one['origin']} → {one['destination']}, {day(one['on'])}"
        + (f" {one['at']}" if one["at"] else "")
        for one in output["transfers"]
    ]
    lines += [
        _(
            "visa for %(country)s, %(status)s",
            country=country_name(one["country"]),
            status=state(one["status"]),
        )
        for one in output["visas"]
    ]
    if not lines:
        return _("Nothing is in the itinerary yet.")
    totals = ", ".join(
        money(total["amount"], total["currency"])
        for total in output["totals"]
        if Decimal(total["amount"])
    )
    head = ", ".join(output["passengers"]) or _("Itinerary")
    total = _("Total %(totals)s.", totals=totals) if totals else _("There is no price yet.")
    page = (
        f"/trips/{output['trip_id']}/itinerary.pdf" if "trip_id" in output else ""
    )  # turns of old did not keep it
    paper = [_("As PDF: %(link)s", link=f"[{page}]({page})")] if page else []
    return "\n".join((_listed(head, lines[:SHOWN_MAX], len(lines)), total, *paper))


def _added(_arguments: JsonObject, output: JsonObject) -> str:
    return joined([output])


def _removed(_arguments: JsonObject, output: JsonObject) -> str:
    return _("%(name)s is off the trip.", name=output["full_name"])


def _transfer(_arguments: JsonObject, output: JsonObject) -> str:
    return _(
        "Planned: %(name)s on %(day)s, %(price)s.",
        name=output["name"],
        day=day(output["on"]),
        price=prices.or_none(output["price"]),
    )


def _not_supported(_arguments: JsonObject, output: JsonObject) -> str:
    return str(output["detail"])


def _fares(arguments: JsonObject, output: JsonObject) -> str:
    """The fares below what was searched for: a part of it may come from the enquiry, and whoever
    asked must see it.
    """
    if "fares" not in output:
        return str(output["detail"])
    days = " – ".join(
        day(arguments[name]) for name in ("outbound_date", "return_date") if arguments.get(name)
    )
    search = (
        f"{arguments['origin']} – {arguments['destination']}, {days},"
        f" {party(arguments['passengers'])}{_way(arguments)}"
    )
    if not output["fares"]:
        return _("%(search)s: no flight fits that.", search=search)
    head = ngettext(
        "%(search)s: one fare, good for twenty minutes.",
        "%(search)s: %(num)d fares, good for twenty minutes.",
        output["count"],
        search=search,
    )
    return _gone_through(
        head,
        output["fares"],
        output,
        lambda one: ", ".join(filter(None, (_fare(one), _above_budget(one, output)))),
    )


def _way(arguments: JsonObject) -> str:
    """The class and what else was asked for, behind who travels."""
    cabins = {
        "premium": _("premium economy"),
        "business": _("business class"),
        "first": _("first class"),
    }
    said = [
        cabins.get(arguments.get("cabin") or "", ""),
        _("direct only") if arguments.get("direct_only") else "",
    ]
    return "".join(f", {words}" for words in said if words)


def _gone_through(
    head: str,
    offers: list[JsonObject],
    output: JsonObject,
    line: Callable[[JsonObject], str],
    *,
    hotels: bool = False,
    **shares: int,
) -> str:
    """The offers under their numbers: all, or those that are as they were wanted, else all again
    with a word that none is.
    """
    want, uncompared = narrowing.comparable(output.get("want") or {}, offers)
    asked, left = narrowing.in_words(want, hotels=hotels), narrowing.unheard(want)
    fitting = narrowing.fitting(offers, want, **shares)
    if asked:
        words = (
            ngettext(
                "One of these fits what you asked for: %(wanted)s.",
                "%(num)d of these fit what you asked for: %(wanted)s.",
                len(fitting),
                wanted=asked,
            )
            if fitting
            else _(
                "None of these fits what you asked for: %(wanted)s. Here are all of them.",
                wanted=asked,
            )
        )
        head = f"{head} {words}"
    listed = fitting if fitting and asked else narrowing.fitting(offers, {})
    total = len(fitting) if fitting and asked else output["count"]
    told = [(one["number"], line(one)) for one in listed[:SHOWN_MAX]]
    return "\n".join(filter(None, (_numbered(head, told, total), uncompared, left)))


def _fare(one: JsonObject) -> str:
    stops = (
        ngettext("one stop", "%(num)d stops", one["stops"]) if one["stops"] else _("without a stop")
    )
    price = f"{prices.price_of(one['price'])}{_refund(can_be_given_back=one['refundable'])}"
    return ", ".join((" / ".join(one["flights"]), moment(one["departs_at"]), stops, price))


def _above_budget(one: JsonObject, output: JsonObject) -> str:
    return (
        _("above the budget of %(amount)s", amount=prices.price_of(output["budget"]))
        if one.get("above_budget")
        else ""
    )


def party(passengers: JsonObject) -> str:
    """How many of each kind, in words."""
    kinds: dict[str, Callable[[int], str]] = {
        "adult": lambda number: ngettext("one adult", "%(num)d adults", number),
        "senior": lambda number: ngettext("one senior", "%(num)d seniors", number),
        "child": lambda number: ngettext("one child", "%(num)d children", number),
        "infant": lambda number: ngettext("one infant", "%(num)d infants", number),
    }
    return ", ".join(say(passengers[kind]) for kind, say in kinds.items() if passengers.get(kind))


def _held(_arguments: JsonObject, output: JsonObject) -> str:
    if "locator" not in output:
        return str(output["detail"])
    if output.get("status") == "ticketed":
        return _(
            "These seats are paid and ticketed already, as %(locator)s. I have held nothing more.",
            locator=output["locator"],
        )
    if output.get("is_same"):
        return _(
            "It is still the one hold, %(locator)s: an offer is held once. Search again to hold"
            " more seats.",
            locator=output["locator"],
        )
    until, fare = output.get("until"), output.get("fare")
    held = (
        _("Held as %(locator)s, unpaid, until %(until)s.", locator=output["locator"], until=until)
        if until
        else _("Held as %(locator)s, unpaid.", locator=output["locator"])
    )
    above = (
        _("That is above the budget of %(amount)s.", amount=prices.price_of(output["budget"]))
        if output.get("budget")
        else ""
    )
    beside = (
        (
            _(
                "The earlier hold %(locator)s stands until %(until)s; it is unpaid, costs nothing,"
                " and lapses by itself.",
                locator=locator,
                until=until,
            )
            if until
            else _(
                "The earlier hold %(locator)s stands too; it is unpaid, costs nothing, and lapses"
                " by itself.",
                locator=locator,
            )
        )
        for locator, until in output.get("beside", ())
    )
    again = (
        _("Say “release %(locator)s” to give it back.", locator=output["beside"][0][0])
        if output.get("beside")
        else ""
    )
    return " ".join(
        filter(
            None,
            (
                held,
                f"{fare}." if fare else "",
                above,
                *beside,
                again,
                _("Say “issue the tickets” to have them."),
            ),
        )
    )


def _released(_arguments: JsonObject, output: JsonObject) -> str:
    if "locator" not in output:
        return str(output["detail"])
    gone = _("%(locator)s is let go; it was not paid and costs nothing.", locator=output["locator"])
    return (
        f"{gone} {_('The request to issue its tickets is withdrawn.')}"
        if output["withdrawn"]
        else gone
    )


def _rates(arguments: JsonObject, output: JsonObject) -> str:
    if "results" not in output:
        return str(output["detail"])
    if not output["results"]:
        return _("No hotel fits that.")
    ends = [
        date.fromisoformat(arguments[name])
        for name in ("check_in", "check_out")
        if name in arguments
    ]
    nights = (ends[1] - ends[0]).days if len(ends) > 1 else 1
    guests = (
        ngettext("one guest", "%(num)d guests", arguments["guests"])
        if arguments.get("guests")
        else ""
    )
    search = ", ".join(
        filter(None, (arguments.get("city", ""), " – ".join(day(one) for one in ends), guests))
    )
    head = ": ".join(
        filter(None, (search, ngettext("One rate.", "%(num)d rates.", output["count"])))
    )
    return _gone_through(
        head,
        output["results"],
        output,
        _rate,
        hotels=True,
        nights=max(nights, 1),
        rooms=(arguments.get("guests", 1) + 1) // 2,
    )


def _rate(one: JsonObject) -> str:
    stars = ngettext("one star", "%(num)d stars", one["stars"]) if one.get("stars") else ""
    price = f"{prices.price_of(one['price'])}{_refund(can_be_given_back=one['is_refundable'])}"
    return ", ".join(
        filter(
            None, (one["hotel"], stars, one["room"], board_word(one.get("board_basis", "")), price)
        )
    )


def _checked(_arguments: JsonObject, output: JsonObject) -> str:
    if "rate_key" not in output:
        return str(output["detail"])
    told = {
        "hotel": output["hotel"],
        "room": output["room"],
        "price": money(output["price"]["amount"], output["price"]["currency"]),
    }
    if output["is_refundable"]:
        return _(
            "%(hotel)s, %(room)s stands at %(price)s for the stay and can be given back.", **told
        )
    return _(
        "%(hotel)s, %(room)s stands at %(price)s for the stay and cannot be given back.", **told
    )


def _stay(_arguments: JsonObject, output: JsonObject) -> str:
    if "supplier_ref" not in output:
        return str(output["detail"])
    return _(
        "Hotel booking %(number)s is %(status)s: %(check_in)s – %(check_out)s, %(price)s.",
        number=output["supplier_ref"],
        status=state(output["status"]),
        check_in=day(output["check_in"]),
        check_out=day(output["check_out"]),
        price=money(output["price"]["amount"], output["price"]["currency"]),
    )


def _pnr(_arguments: JsonObject, output: JsonObject) -> str:
    if "locator" not in output:
        return str(output["detail"])
    return _(
        "Booking %(locator)s is %(status)s at %(source)s.",
        locator=output["locator"],
        status=state(output["status"]),
        source=output["source"],
    )


def _visa(_arguments: JsonObject, output: JsonObject) -> str:
    if "kind" not in output:
        return str(output["detail"])
    kinds = {
        "not_needed": _("No visa is needed."),
        "on_arrival": _("The visa is given on arrival."),
        "electronic": _("An electronic visa is needed."),
        "sticker": _("A visa in the passport is needed."),
    }
    head = kinds.get(output["kind"], _("There is no rule for this here; ask the consulate."))
    lines = [head, *("• " + document for document in output["checklist"])]
    if output["fee"]:
        lines.append(
            _("Fee %(fee)s.", fee=money(output["fee"]["amount"], output["fee"]["currency"]))
        )
    return "\n".join([*lines, output["source"]])


_TELLERS: dict[str, Callable[[JsonObject, JsonObject], str]] = {
    "list_payables": _payables,
    "find_invoices": _invoices,
    "find_bills": _bills,
    "update_enquiry": _updated,
    "show_trip": _trip,
    "read_itinerary": _itinerary,
    "add_passenger": _added,
    "remove_passenger": _removed,
    "add_transfer": _transfer,
    "fetch_bsp_statement": _not_supported,
    "reconcile_bsp": _not_supported,
    "search_flights": _fares,
    "hold_flight": _held,
    "release_flight": _released,
    "search_hotels": _rates,
    "check_hotel_rate": _checked,
    "read_hotel_booking": _stay,
    "read_pnr": _pnr,
    "visa_requirements": _visa,
}
_DONE: dict[str, Callable[[JsonObject], str]] = {
    "create_invoice": issued,
    "send_itinerary": lambda output: _("The itinerary is on its way to %(to)s.", to=output["to"]),
    "record_receipt": _received,
    "write_off_invoice": _written_off,
    "pay_bill": _paid,
    "receive_bill": _entered,
    "post_journal_entry": lambda _output: _("The entry is posted. The trial balance shows it."),
    "issue_ticket": lambda output: _(
        "Booking %(locator)s is ticketed: %(tickets)s.",
        locator=output["locator"],
        tickets=", ".join(output["tickets"]),
    ),
    "book_hotel": lambda output: _(
        "The hotel is booked, number %(number)s.", number=output["supplier_ref"]
    ),
    "cancel_hotel_booking": _rooms_given_back,
    "file_visa": lambda output: _(
        "The visa is filed, receipt %(receipt)s.", receipt=output["receipt"]
    ),
}
