"""What follows from what was looked up for a wish: the tool with the id that it needs; of several
that fit none is chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rapidfuzz import fuzz, process, utils

from voyagent.assistant.moves import Ask, Call, Context, Move, Say
from voyagent.assistant.planner import (
    documents,
    narrowing,
    offers,
    sentences,
    telling,
    tripinvoice,
    visas,
    whom,
)
from voyagent.assistant.planner.wishes import Wish
from voyagent.assistant.planner.wording import _
from voyagent.trips.words import country_name

JsonObject = dict[str, Any]
GOOD_MATCH = 84
FAIR_MATCH = 75
NEAR_MAX = 3


def after_lookup(wish: Wish, call: Call, found: JsonObject, context: Context) -> Move | None:
    """What follows, with what each tool of the turn has given; None where the call was the wish
    itself, or found nothing to go on with.
    """
    follow = _FOLLOWS.get((wish.tool, call.tool))
    return follow(wish, found, context) if follow else None


def _receipt(wish: Wish, found: JsonObject, _context: Context) -> Move:
    return _settle("record_receipt", "invoice_id", _still_open(found), wish.known)


def _write_off(wish: Wish, found: JsonObject, _context: Context) -> Move:
    """All that is open where no amount was said; what is left out then is read when it is carried
    out.
    """
    only = documents.only("write_off_invoice", _still_open(found), wish.known)
    if isinstance(only, Say | Ask):
        return only
    known = wish.known
    said = (
        {"amount": known["amount"], "currency": known.get("currency") or only["open"]["currency"]}
        if known.get("amount")
        else {}
    )
    words = _(
        "%(amount)s of %(document)s is written off as a bad debt on %(day)s, because: %(why)s. It"
        " is posted once a colleague approves it.",
        amount=(
            sentences.money(**said)
            if said
            else sentences.money(only["open"]["amount"], only["open"]["currency"])
        ),
        document=documents.in_words(only),
        day=sentences.day(known["written_off_on"]),
        why=known["reason"],
    )
    return Call(
        "write_off_invoice",
        {
            "invoice_id": only["id"],
            "reason": known["reason"],
            "written_off_on": known["written_off_on"],
            **said,
        },
        words=words,
    )


def _still_open(found: JsonObject) -> list[JsonObject]:
    return [
        one
        for one in found["find_invoices"]["invoices"]
        if one["status"] in ("issued", "partially_paid")
    ]


def _payment(wish: Wish, found: JsonObject, _context: Context) -> Move:
    return _settle("pay_bill", "bill_id", found["find_bills"]["bills"], wish.known)


def _entry(wish: Wish, found: JsonObject, context: Context) -> Move:
    return _post(wish.known, found["list_ledger_accounts"]["accounts"], context)


def _change(wish: Wish, found: JsonObject, _context: Context) -> Move | None:
    enquiry = found["summarise_enquiry"].get("enquiry")
    return (
        change(
            Wish(wish.tool, {**wish.known, "enquiry_id": enquiry["id"]}), enquiry["customer_name"]
        )
        if enquiry
        else None
    )


def change(wish: Wish, name: str) -> Call | Ask:
    """The change of an enquiry; one that cancels it is asked about once, by its name."""
    if wish.known["changes"].get("status") == "cancelled" and not wish.known.get("sure"):
        return Ask(
            _("Cancel the enquiry of %(name)s? Say “yes” to have it cancelled.", name=name),
            tool=wish.tool,
            known=wish.known,
            missing="sure",
        )
    return Call("update_enquiry", {"enquiry_id": wish.known["enquiry_id"], **wish.known["changes"]})


def _invoice(wish: Wish, found: JsonObject, context: Context) -> Move | None:
    enquiry = found["summarise_enquiry"].get("enquiry")
    return create(wish.known | {"client_id": enquiry["id"]}, context) if enquiry else None


def _draft(wish: Wish, found: JsonObject, context: Context) -> Move:
    return tripinvoice.draw_up(wish.known, found["show_trip"], context)


def _hold(wish: Wish, found: JsonObject, context: Context) -> Move | None:
    """A number that was said before there was a list chooses nothing of it: only the cheapest and a
    flight's own number do.
    """
    back = {"return_date": wish.known["return_date"]} if wish.known.get("return_date") else {}
    every = [one | back for one in found["search_flights"].get("fares") or []]
    want = wish.known.get("want") or {}
    fares = narrowing.fitting(every, want)[: sentences.SHOWN_MAX]
    if every and not fares:
        return Say(
            _(
                "None of the %(num)d fares fits what you asked for: %(wanted)s. I have held"
                " nothing.",
                num=len(every),
                wanted=narrowing.in_words(want),
            )
        )
    pick = wish.known.get("pick") or {}
    meant = offers.fares_of(pick, fares) if pick.get("cheapest") or "flights" in pick else []
    if len(meant) == 1:
        return offers.hold_of(meant[0]["fare_id"], fares, context, wish.known.get("passengers"))
    return (
        (
            _none_is_meant()
            if "flights" in pick and not meant
            else offers.which_fare(meant or fares, fares)
        )
        if fares
        else None
    )


def _check(wish: Wish, found: JsonObject, _context: Context) -> Move | None:
    rates = found["search_hotels"].get("results")
    rate = offers.rate_of(wish.known.get("pick"), rates or [])
    return (
        (Call("check_hotel_rate", {"rate_key": rate["rate_key"]}) if rate else _none_is_meant())
        if rates
        else None
    )


def _stay(wish: Wish, found: JsonObject, context: Context) -> Move | None:
    """The rate that was wanted of a search, booked for those who stay; where nobody travels yet, or
    it was chosen of another list, it is asked which.
    """
    rates, along = found["search_hotels"].get("results"), found["show_trip"].get("passengers")
    if not rates:
        return None
    if not along or "rate_key" in wish.known:
        call = _search_for(wish, along or [], context)
        listed = telling.tell(call.tool, call.arguments, found["search_hotels"]) or ""
        known = {"who": wish.known["who"]} if wish.known.get("who") else {}
        return Ask(
            "\n\n".join((listed, _("Which one shall I book?"))),
            tool="book_hotel",
            known=known,
            missing="pick",
        )
    rate = offers.rate_of(wish.known.get("pick"), rates)
    return _book(rate, whom.staying(wish.known.get("who", ()), along)) if rate else _none_is_meant()


def without_guests(wish: Wish) -> Call | Ask:
    """A hotel for nobody yet: without a rate that was chosen the search comes first; with one it is
    asked who stays.
    """
    if "rate_key" in wish.known:
        return Ask(
            _("Who stays there? Say their names."),
            tool="book_hotel",
            known=wish.known,
            missing="who",
        )
    if wish.known.get("guests"):
        return Call(
            "search_hotels",
            arguments(wish.known),
            words=_("I search first. Then say which one to book."),
        )
    return Ask(
        _("I search first. For how many guests?"),
        tool="search_hotels",
        known=arguments(wish.known),
        missing="guests",
    )


def _guests(wish: Wish, found: JsonObject, context: Context) -> Move:
    """A hotel needs somebody who stays in it: those of the trip."""
    passengers = found["show_trip"]["passengers"]
    if not passengers:
        return without_guests(wish)
    staying, searched = (
        whom.staying(wish.known.get("who", ()), passengers),
        context.offers.get("rates_search", {}).get("guests"),
    )
    if "rate_key" not in wish.known or (
        wish.known.get("who") and searched and searched < len(staying)
    ):
        return _search_for(wish, staying, context)
    if searched and searched < len(staying):
        names = ", ".join(one["full_name"] for one in staying)
        words = _(
            "The rates are for %(searched)s, and %(people)s travel on this trip. Who stays? Say"
            " their names, or “everybody”: %(names)s.",
            searched=searched,
            people=len(staying),
            names=names,
        )
        return Ask(words, tool="book_hotel", known=wish.known, missing="who")
    shown: JsonObject = next(
        (
            one
            for one in context.offers.get("rates", ())
            if one["rate_key"] == wish.known["rate_key"]
        ),
        {},
    )
    return _book({**shown, **wish.known}, staying)


def _search_for(wish: Wish, staying: list[JsonObject], context: Context) -> Call:
    """The search of rooms for those who stay; where a rate was chosen that is for fewer, the newest
    once more for as many as they are.
    """
    if "rate_key" not in wish.known:
        return Call("search_hotels", {"guests": len(staying), **arguments(wish.known)})
    before = context.offers.get("rates_search", {})
    words = _(
        "Those rates are for %(searched)s, so I search again for %(people)s.",
        searched=before.get("guests", 0),
        people=len(staying),
    )
    return Call("search_hotels", {**before, "guests": len(staying)}, words=words)


def _letter(wish: Wish, found: JsonObject, _context: Context) -> Move:
    trip = found["show_trip"]
    words = _(
        "The itinerary of %(title)s goes to %(to)s once approved.",
        title=trip["title"],
        to=wish.known["to"],
    )
    return Call("send_itinerary", {"trip_id": trip["trip_id"], **wish.known}, words=words)


def _visa(wish: Wish, found: JsonObject, context: Context) -> Move:
    said = wish.known["full_name"].lower()
    people = [one for one in found["show_trip"]["passengers"] if said in one["full_name"].lower()]
    if len(people) != 1:
        if len(people) > 1:
            return Say(
                _(
                    "Several on this trip are called %(name)s. Say the whole name.",
                    name=wish.known["full_name"],
                )
            )
        return Say(
            _(
                "%(name)s is not on this trip. Say “add passenger %(name)s” first, then file the"
                " visa.",
                name=wish.known["full_name"],
            )
        )
    stateless = visas.lacks_nationality(people[0]["id"], context)
    if stateless:
        return Say(stateless)
    arguments = {"passenger_id": people[0]["id"], "destination": wish.known["destination"]}
    if any(
        visas.is_filed(line, people[0]["full_name"], wish.known["destination"])
        for line in found["show_trip"]["lines"]
    ):
        country = country_name(wish.known["destination"])
        return Say(
            _(
                "The visa for %(country)s of %(name)s is filed already. I have asked for nothing.",
                country=country,
                name=people[0]["full_name"],
            )
        )
    return Call(
        "file_visa",
        arguments,
        words=_("It is filed once approved, and can’t be withdrawn afterwards."),
    )


def _ticket(wish: Wish, found: JsonObject, _context: Context) -> Move:
    lines = found["show_trip"]["lines"]
    ticketed = ", ".join(
        dict.fromkeys(
            str(line["supplier_ref"])
            for line in lines
            if line["kind"] == "flight" and line["status"] == "ticketed"
        )
    )
    nothing = (
        _("The flights of this trip are ticketed already: %(names)s.", names=ticketed)
        if ticketed
        else _("No flight is held on this trip.")
    )
    only = _booking(wish, lines, "flight", "held", nothing)
    if isinstance(only, Say | Ask):
        return only
    if wish.known.get("for_some") and len(found["show_trip"]["passengers"]) > 1:
        return Say(
            _(
                "Tickets are issued for everybody of a booking at once. For some of them hold seats"
                " of their own. I have asked for nothing."
            )
        )
    return Call(
        "issue_ticket",
        {"pnr_id": only["id"]},
        words=_("The tickets are paid and issued once approved."),
    )


def _give_back(wish: Wish, found: JsonObject, _context: Context) -> Move:
    only = _booking(
        wish, found["show_trip"]["lines"], "hotel", "booked", _("No hotel is booked on this trip.")
    )
    if isinstance(only, Say | Ask):
        return only
    return Call(
        "cancel_hotel_booking",
        {"booking_id": only["id"]},
        words=_("The rooms are cancelled once approved."),
    )


def _read_stay(wish: Wish, found: JsonObject, _context: Context) -> Move:
    only = _booking(
        wish, found["show_trip"]["lines"], "hotel", "booked", _("No hotel is booked on this trip.")
    )
    return (
        only
        if isinstance(only, Say | Ask)
        else Call("read_hotel_booking", {"booking_id": only["id"]})
    )


_FOLLOWS: dict[tuple[str, str], Callable[[Wish, JsonObject, Context], Move | None]] = {
    ("record_receipt", "find_invoices"): _receipt,
    ("write_off_invoice", "find_invoices"): _write_off,
    ("pay_bill", "find_bills"): _payment,
    ("post_journal_entry", "list_ledger_accounts"): _entry,
    ("update_enquiry", "summarise_enquiry"): _change,
    ("create_invoice", "summarise_enquiry"): _invoice,
    ("draft_invoice", "show_trip"): _draft,
    ("hold_flight", "search_flights"): _hold,
    ("check_hotel_rate", "search_hotels"): _check,
    ("book_hotel", "show_trip"): _guests,
    ("book_hotel", "search_hotels"): _stay,
    ("send_itinerary", "show_trip"): _letter,
    ("file_visa", "show_trip"): _visa,
    ("issue_ticket", "show_trip"): _ticket,
    ("cancel_hotel_booking", "show_trip"): _give_back,
    ("read_hotel_booking", "show_trip"): _read_stay,
}


def accounts_meant(said: str, accounts: list[JsonObject]) -> list[JsonObject]:
    """The accounts that words mean: by id, code or whole name, else those that come closest."""
    lowered = said.lower()
    exact = [
        account
        for account in accounts
        if lowered
        in (
            account["id"],
            account["code"].lower(),
            account["name"].lower(),
            f"{account['code']} {account['name']}".lower(),
        )
    ]
    if exact or len(lowered) <= 2:
        return exact
    headed = [account for account in accounts if lowered == account["name"].lower().split(",")[0]]
    if headed:
        return headed
    names = {account["id"]: account["name"] for account in accounts}
    scores = process.extract(
        lowered, names, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=3
    )
    return [
        account
        for _name, score, key in scores
        if score >= GOOD_MATCH
        for account in accounts
        if account["id"] == key and score == scores[0][1]
    ]


def which_account(said: str, meant: list[JsonObject], near: list[JsonObject]) -> Say:
    """No account, or more than one: those that are meant, or come nearest, are named."""
    if meant:
        return Say(_("Which account? %(accounts)s", accounts=_named(meant)))
    if near:
        return Say(
            _(
                "No account is called “%(said)s”. The nearest: %(accounts)s. “chart of accounts”"
                " shows all.",
                said=said[:80],
                accounts=_named(near),
            )
        )
    return Say(
        _(
            "No account is called “%(said)s”. Say “chart of accounts” to see them, or “how much"
            " does … owe us” for a customer.",
            said=said[:80],
        )
    )


def accounts_near(said: str, accounts: list[JsonObject]) -> list[JsonObject]:
    """The accounts whose names are most like the words, the likest first; none where nothing is
    like them at all.
    """
    names = {account["id"]: account["name"] for account in accounts}
    scores = process.extract(
        said,
        names,
        scorer=fuzz.partial_token_set_ratio,
        processor=utils.default_process,
        limit=NEAR_MAX,
        score_cutoff=FAIR_MATCH,
    )
    by_id = {account["id"]: account for account in accounts}
    return [by_id[key] for _name, _score, key in scores]


def _named(accounts: list[JsonObject]) -> str:
    return ", ".join(f"{account['code']} {account['name']}" for account in accounts)


def _settle(tool: str, key: str, found: list[JsonObject], known: JsonObject) -> Move:
    only = documents.only(tool, found, known)
    if isinstance(only, Say | Ask):
        return only
    amount = only["open"]["amount"] if known.get("full") else known["amount"]
    currency, account = (
        known.get("currency") or only["open"]["currency"],
        known.get("account", "bank"),
    )
    if known.get("exchanged") or currency != only["open"]["currency"]:
        return Say(
            _(
                "%(document)s: it is in %(currency)s, and I record money in the currency of its"
                " document alone. Record it under Payments, New payment: there you write how much"
                " the document takes and what that settles of it in %(currency)s.",
                document=documents.in_words(only),
                currency=only["open"]["currency"],
            )
        )
    arguments = {
        key: only["id"],
        "amount": amount,
        "currency": currency,
        "paid_on": known["paid_on"],
        "account": account,
    }
    how = _("in cash") if account == "cash" else _("through the bank")
    words = _(
        "%(amount)s %(how)s on %(day)s for %(document)s. It is recorded once approved.",
        how=how,
        amount=sentences.money(amount, currency),
        day=sentences.day(known["paid_on"]),
        document=documents.in_words(only),
    )
    arguments |= {"reference": known["reference"]} if known.get("reference") else {}
    return Call(tool, arguments, words=words, replaces=known.get("replaces", ""))


def _post(known: JsonObject, accounts: list[JsonObject], context: Context) -> Move:
    sides: dict[str, JsonObject] = {}
    for side in ("debit", "credit"):
        meant = accounts_meant(known[side], accounts)
        if len(meant) != 1:
            asked = which_account(known[side], meant, accounts_near(known[side], accounts))
            return Ask(
                asked.text,
                tool="post_journal_entry",
                known={name: value for name, value in known.items() if name != side},
                missing=side,
            )
        sides[side] = meant[0]
    if sides["debit"]["id"] == sides["credit"]["id"]:
        same = _(
            "Debit and credit are the same account, %(account)s. Which account is credited?",
            account=_named([sides["debit"]]),
        )
        return Ask(
            same,
            tool="post_journal_entry",
            known={name: value for name, value in known.items() if name != "credit"},
            missing="credit",
        )
    lines = [
        {
            "account_id": account["id"],
            "currency": known["currency"],
            f"{side}_amount": known["amount"],
        }
        for side, account in sides.items()
    ]
    on = known.get("entry_date") or context.today.isoformat()
    words = _(
        "Debit %(debit)s, credit %(credit)s, %(amount)s on %(day)s: %(what)s. It is posted once"
        " approved, and can’t be edited afterwards.",
        debit=f"{sides['debit']['code']} {sides['debit']['name']}",
        credit=f"{sides['credit']['code']} {sides['credit']['name']}",
        amount=sentences.money(known["amount"], known["currency"]),
        day=sentences.day(on),
        what=known["narration"],
    )
    entry = {"narration": known["narration"], "entry_date": on, "lines": lines}
    return Call(
        "post_journal_entry", {"entry": entry}, words=words, replaces=known.get("replaces", "")
    )


def create(known: JsonObject, context: Context) -> Call:
    """The proposal of an invoice that is drawn up and issued in one, dated today."""
    issued = context.today.isoformat()
    invoice = {
        "invoice_number": known["invoice_number"],
        "client_id": known["client_id"],
        "issue_date": issued,
        "due_date": known.get("due_date") or issued,
        "currency": known["currency"],
        "lines": [
            {"description": known["description"], "quantity": 1, "unit_price": known["amount"]}
        ],
        "billing_address": known["billing_address"],
    }
    words = _(
        "Invoice %(number)s, %(amount)s for %(what)s, due %(due)s. It is issued and posted once"
        " approved.",
        number=known["invoice_number"],
        amount=sentences.money(known["amount"], known["currency"]),
        what=known["description"],
        due=sentences.day(invoice["due_date"]),
    )
    return Call("create_invoice", {"invoice": invoice}, words=words)


def _booking(
    wish: Wish, lines: list[JsonObject], kind: str, status: str, nothing: str
) -> JsonObject | Say | Ask:
    """The one booking of the trip that an act is about: the one whose number was said, or the only
    one there is where none was said.
    """
    found = {
        str(line["supplier_ref"]): line
        for line in reversed(lines)
        if line["kind"] == kind and line["status"] == status
    }
    said = wish.known.get("supplier_ref")
    if said in found:
        return found[said]
    if not found:
        return Say(nothing)
    if said is None and len(found) == 1:
        return next(iter(found.values()))
    named = {reference: str(line.get("name") or "") for reference, line in found.items()}
    names = ", ".join(
        f"{reference} ({name})" if name and name != reference else reference
        for reference, name in named.items()
    )
    words = (
        _("There are several on this trip: %(names)s. Say which one by its number.", names=names)
        if said is None
        else _(
            "Nothing like that stands on this trip under %(number)s. Which one do you mean:"
            " %(names)s?",
            number=said,
            names=names,
        )
    )
    return Ask(words, tool=wish.tool, known={documents.AMONG: named}, missing="supplier_ref")


def for_telling(
    wish: Wish | None, call: Call, output: JsonObject, found: JsonObject, context: Context
) -> JsonObject:
    """What came of a hold with the fare and until when, on the agency's clock; of a search with
    what was wanted of it; of anything else as it is.

    Of a trip also the summaries of what waits for a decision, as `waiting`.
    """
    if call.tool == "show_trip" and context.waiting:
        return {**output, "waiting": [one["summary"] for one in context.waiting]}
    if wish is not None and wish.tool == call.tool and wish.known.get("want"):
        return {**output, "want": wish.known["want"]}
    if call.tool != "hold_flight" or "locator" not in output:
        return output
    searched = [*context.offers.get("fares", ()), *found.get("search_flights", {}).get("fares", ())]
    fare = next((one for one in searched if one["fare_id"] == call.arguments["fare_id"]), None)
    until = (
        sentences.local(output["expires_at"], context.timezone) if output.get("expires_at") else ""
    )
    same = any(one["locator"] == output["locator"] for one in context.trip.get("held", ()))
    beside = [
        (
            one["locator"],
            sentences.local(one["expires_at"], context.timezone) if one["expires_at"] else "",
        )
        for one in output.get("still_held", ())
    ]
    others = (
        ()
        if output.get("still_held")
        else offers.held_beside(
            output["locator"], (wish.known if wish else {}).get("instead_of", ""), context
        )
    )
    beside += [
        (
            one["locator"],
            sentences.local(one["expires_at"], context.timezone) if one["expires_at"] else "",
        )
        for one in others
    ]
    return {
        **output,
        "fare": offers.fare_line(fare) if fare else "",
        "until": until,
        "is_same": same,
        "beside": beside,
    }


def arguments(known: JsonObject) -> JsonObject:
    """What a tool takes of what is known: not what chooses among its answers, or goes on behind it."""
    return {
        name: value
        for name, value in known.items()
        if name
        not in (
            "pick",
            "want",
            "nights",
            "and_more",
            "sure",
            "unsold",
            "legs",
            "is_schengen",
            "instead_of",
            "who",
        )
    }


def _none_is_meant() -> Say:
    return Say(
        _(
            "None of those is the one that you mean. Say “the second”, a flight’s number or a"
            " hotel’s name."
        )
    )


def _book(rate: JsonObject, passengers: list[JsonObject]) -> Call:
    names = ", ".join(one["full_name"] for one in passengers)
    words = _("For %(names)s. It is booked once approved.", names=names)
    if "hotel" in rate and "price" in rate:
        price = sentences.money(rate["price"]["amount"], rate["price"]["currency"])
        facts = {"hotel": rate["hotel"], "room": rate["room"], "price": price, "names": names}
        words = _(
            "%(hotel)s, %(room)s, %(price)s, for %(names)s. It is booked once approved.",
            **facts,
        )
    return Call(
        "book_hotel",
        {"rate_key": rate["rate_key"], "passenger_ids": [one["id"] for one in passengers]},
        words=words,
    )
