"""From a wish to tools: ask for what is missing, look up what the tool needs an id for, then use it; of several that fit none is chosen."""

from __future__ import annotations

from typing import Any

from rapidfuzz import fuzz, process, utils

from voyagent.assistant.planner import accounting, intake, searches, sentences, travel, wishes
from voyagent.assistant.planner.moves import Call, Context, Move, Say
from voyagent.assistant.planner.wishes import SLOTS, Wish
from voyagent.assistant.planner.wording import _

JsonObject = dict[str, Any]
WISH_MAX = 400
ENOUGH = 3
GOOD_MATCH = 84


def recognise(said: str, context: Context) -> Wish | Call | None:
    """What one line asks a desk for; None where it is something else, a customer's own words for one."""
    if "\n" in said.strip() or len(said) > WISH_MAX or intake.is_dictated(said):
        return None
    asked = searches.visas(said, context)  # "do Indians need a visa for Thailand" sounds like a customer, too
    if asked is not None and wishes.missing(asked) is None:
        return asked
    if intake.is_customers_voice(said):
        return None
    return accounting.recognise(said, context) or travel.recognise(said, context) or _search(said, context)


def _search(said: str, context: Context) -> Wish | None:
    """A search; while a question of ours is open, one that says enough to be none of its answer, such as a hotel's name."""
    found = searches.recognise(said, context)
    return None if found is not None and context.question is not None and len(found.known) < ENOUGH else found


def wished(said: str, context: Context) -> Wish | Call | None:
    """The same, and the wish that an answer to our own question goes on with."""
    found = recognise(said, context)
    question = context.question
    if found is not None or question is None or question.tool not in SLOTS:
        return found
    if question.missing == "changes":
        return Wish(question.tool, {**question.known, "changes": travel.changes_in(said, context)})
    return wishes.answered(question, said, context)


def first_move(wish: Wish, context: Context) -> Move:
    """The next question, else the tool, else what has to be looked up before it."""
    question = wishes.ask(wish)
    if question is not None:
        return question
    looked_up = _lookup(wish)
    if looked_up is not None:
        return looked_up
    if wish.tool == "receive_bill":
        return _enter(wish.known, context)
    if wish.tool == "update_enquiry":
        return Call("update_enquiry", {"enquiry_id": wish.known["enquiry_id"], **wish.known["changes"]})
    return Call(wish.tool, wish.known)


def _lookup(wish: Wish) -> Call | None:
    """What has to be read first, for the id that the tool needs."""
    known = wish.known
    match wish.tool:
        case "record_receipt":
            return Call("find_invoices", {"number": known["number"]} if "number" in known else {"status": "open", "customer_name": known["customer_name"]})
        case "pay_bill":
            return Call("find_bills", {name: known[name] for name in ("vendor_name", "vendor_reference") if name in known})
        case "post_journal_entry":
            return Call("list_ledger_accounts", {})
        case "issue_ticket" | "cancel_hotel_booking" | "file_visa":
            return Call("show_trip", {})
        case "hold_flight":
            return Call("search_flights", known)
        case "update_enquiry" if "enquiry_id" not in known:
            return Call("summarise_enquiry", {"customer_name": known["customer_name"]})
        case _:
            return None


def after_lookup(wish: Wish, call: Call, output: JsonObject, context: Context) -> Move | None:
    """What follows from what was looked up for a wish; None where the call was the wish itself."""
    match wish.tool, call.tool:
        case "record_receipt", "find_invoices":
            return _settle("record_receipt", "invoice_id", [one for one in output["invoices"] if one["status"] in ("issued", "partially_paid")], wish.known)
        case "pay_bill", "find_bills":
            return _settle("pay_bill", "bill_id", output["bills"], wish.known)
        case "hold_flight", "search_flights" if output.get("fares"):
            return Call("hold_flight", {"fare_id": output["fares"][0]["fare_id"]})
        case "issue_ticket" | "cancel_hotel_booking" | "file_visa", "show_trip":
            return _of_trip(wish, output)
        case "post_journal_entry", "list_ledger_accounts":
            return _post(wish.known, output["accounts"], context)
        case "update_enquiry", "summarise_enquiry" if "enquiry" in output:
            return Call("update_enquiry", {"enquiry_id": output["enquiry"]["id"], **wish.known["changes"]})
        case _:
            return None


def accounts_meant(said: str, accounts: list[JsonObject]) -> list[JsonObject]:
    """The accounts that words mean: by code or whole name, else those that come closest."""
    lowered = said.lower()
    exact = [account for account in accounts if lowered in (account["code"].lower(), account["name"].lower(), f"{account['code']} {account['name']}".lower())]
    if exact or len(lowered) <= 2:
        return exact
    headed = [account for account in accounts if lowered == account["name"].lower().split(",")[0]]
    if headed:
        return headed
    names = {account["id"]: account["name"] for account in accounts}
    scores = process.extract(lowered, names, scorer=fuzz.token_set_ratio, processor=utils.default_process, limit=3)
    return [account for _name, score, key in scores if score >= GOOD_MATCH for account in accounts if account["id"] == key and score == scores[0][1]]


def which_account(said: str, meant: list[JsonObject]) -> Say:
    """No account, or more than one."""
    if meant:
        return Say(_("Which account? %(accounts)s", accounts=", ".join(f"{account['code']} {account['name']}" for account in meant)))
    return Say(_("No account is called “%(said)s”. Say “chart of accounts” to see them, or “how much does … owe us” for a customer.", said=said[:80]))


def _enter(known: JsonObject, context: Context) -> Call:
    issued = known.get("issue_date") or context.today.isoformat()
    due = known.get("due_date") or issued
    line = {"description": known["description"], "quantity": 1, "unit_price": known["amount"], "currency": known["currency"]}
    words = _(
        "Bill %(reference)s of %(name)s, %(amount)s for %(what)s: of %(issued)s, due %(due)s. It is entered when somebody grants it.",
        reference=known["vendor_reference"],
        name=known["vendor_name"],
        amount=sentences.money(known["amount"], known["currency"]),
        what=known["description"],
        issued=sentences.day(issued),
        due=sentences.day(due),
    )
    named = {"vendor_name": known["vendor_name"], "vendor_reference": known["vendor_reference"]}
    return Call("receive_bill", {**named, "issue_date": issued, "due_date": due, "line_items": [line]}, words=words)


def _settle(tool: str, key: str, documents: list[JsonObject], known: JsonObject) -> Move:
    whom = known.get("customer_name") or known.get("vendor_name") or known.get("number") or known.get("vendor_reference") or ""
    if not documents:
        return Say(_("I found nothing open of %(name)s.", name=whom))
    if len(documents) > 1:
        listed = "\n".join("• " + _document(one) for one in documents[: sentences.SHOWN_MAX])
        return Say("\n".join((_("Several are open. Say which one by its number, with the amount."), listed)))
    only = documents[0]
    amount = only["open"]["amount"] if known.get("full") else known["amount"]
    currency = known.get("currency") or only["open"]["currency"]
    arguments = {key: only["id"], "amount": amount, "currency": currency, "paid_on": known["paid_on"]}
    words = _(
        "%(amount)s on %(day)s for %(document)s. It is recorded when somebody grants it.",
        amount=sentences.money(amount, currency),
        day=sentences.day(known["paid_on"]),
        document=_document(only),
    )
    return Call(tool, arguments | ({"reference": known["reference"]} if known.get("reference") else {}), words=words)


def _of_trip(wish: Wish, trip: JsonObject) -> Move:
    """The one thing of the trip that an act is about; of several bookings the person says which on the page of the trip."""
    if wish.tool == "file_visa":
        said = wish.known["full_name"].lower()
        people = [one for one in trip["passengers"] if said in one["full_name"].lower()]
        if len(people) != 1:
            return Say(_("I found no single passenger called %(name)s on this trip.", name=wish.known["full_name"]))
        arguments = {"passenger_id": people[0]["id"], "destination": wish.known["destination"]}
        return Call("file_visa", arguments, words=_("It is filed when somebody grants it, and then cannot be taken back."))
    kind, status = ("flight", "held") if wish.tool == "issue_ticket" else ("hotel", "booked")
    found = {line["supplier_ref"]: line for line in reversed(trip["lines"]) if line["kind"] == kind and line["status"] == status}
    if not found:
        return Say(_("No flight is held on this trip.") if kind == "flight" else _("No hotel is booked on this trip."))
    if len(found) > 1:
        return Say(_("There are several on this trip: %(names)s. Use the page of the trip for one of them.", names=", ".join(map(str, found))))
    only = next(iter(found.values()))
    if wish.tool == "issue_ticket":
        return Call("issue_ticket", {"pnr_id": only["id"]}, words=_("The tickets are paid and issued when somebody grants it."))
    return Call("cancel_hotel_booking", {"booking_id": only["id"]}, words=_("The rooms are given back when somebody grants it."))


def _document(one: JsonObject) -> str:
    reference, name = one.get("number") or one.get("vendor_reference") or "", one.get("customer_name") or one.get("vendor_name") or ""
    return _("%(reference)s of %(name)s, open %(open)s", reference=reference, name=name, open=sentences.money(one["open"]["amount"], one["open"]["currency"]))


def _post(known: JsonObject, accounts: list[JsonObject], context: Context) -> Move:
    sides: dict[str, JsonObject] = {}
    for side in ("debit", "credit"):
        meant = accounts_meant(known[side], accounts)
        if len(meant) != 1:
            return which_account(known[side], meant)
        sides[side] = meant[0]
    lines = [{"account_id": account["id"], "currency": known["currency"], f"{side}_amount": known["amount"]} for side, account in sides.items()]
    on = known.get("entry_date") or context.today.isoformat()
    words = _(
        "Debit %(debit)s, credit %(credit)s, %(amount)s on %(day)s: %(what)s. It is posted when somebody grants it, and then it stands.",
        debit=f"{sides['debit']['code']} {sides['debit']['name']}",
        credit=f"{sides['credit']['code']} {sides['credit']['name']}",
        amount=sentences.money(known["amount"], known["currency"]),
        day=sentences.day(on),
        what=known["narration"],
    )
    return Call("post_journal_entry", {"entry": {"narration": known["narration"], "entry_date": on, "lines": lines}}, words=words)
