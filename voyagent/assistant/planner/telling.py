"""What the assistant says of documents, payments and trips: short, exact, each amount with its currency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voyagent.assistant.planner.sentences import SHOWN_MAX, day, enquiry_line, money
from voyagent.assistant.planner.wording import _, ngettext

JsonObject = dict[str, Any]


def tell(tool: str, arguments: JsonObject, output: JsonObject) -> str | None:
    """The result of a tool in words; None for one that is told elsewhere."""
    teller = _TELLERS.get(tool)
    return teller(arguments, output) if teller else None


def done(tool: str, output: JsonObject) -> str:
    """After the grant of a proposal."""
    if tool == "record_receipt":
        return _("Recorded: %(amount)s of %(name)s. ", amount=money(output["amount"], output["currency"]), name=output["party_name"]) + _still_open(output)
    if tool == "pay_bill":
        return _("Recorded: %(amount)s to %(name)s. ", amount=money(output["amount"], output["currency"]), name=output["party_name"]) + _still_open(output)
    if tool == "receive_bill":
        return _(
            "Bill %(reference)s of %(name)s is entered, %(total)s.",
            reference=output["vendor_reference"],
            name=output["vendor_name"],
            total=money(output["total_amount"], output["currency"]),
        )
    if tool == "post_journal_entry":
        return _("The entry is posted. The trial balance shows it.")
    return _("Done, as granted.")


def _still_open(output: JsonObject) -> str:
    if output["status"] == "paid":
        return _("That settles it.")
    return _("Still open: %(amount)s.", amount=money(output["open_amount"], output["currency"]))


def _listed(head: str, lines: list[str], total: int) -> str:
    more = [_("and %(num)d more", num=total - len(lines))] if total > len(lines) else []
    return "\n".join([head, *("• " + line for line in lines), *more])


def _payables(arguments: JsonObject, output: JsonObject) -> str:
    suppliers = output["suppliers"]
    if not suppliers:
        name = arguments.get("vendor_name")
        return _("We owe %(name)s nothing.", name=name) if name else _("We owe no supplier anything that fits.")
    lines = [f"{one['name']}, {money(one['amount'], one['currency'])}" for one in suppliers[:SHOWN_MAX]]
    head = ngettext("We owe one supplier, as of %(day)s:", "We owe %(num)d suppliers, as of %(day)s:", output["count"], day=day(output["as_of"]))
    totals = ", ".join(money(total["amount"], total["currency"]) for total in output["totals"])
    return _listed(head, lines, output["count"]) + ("\n" + _("Together %(totals)s.", totals=totals) if len(suppliers) > 1 else "")


def _invoices(_arguments: JsonObject, output: JsonObject) -> str:
    if not output["invoices"]:
        return _("No invoice fits that.")
    lines = [
        f"{one.get('number') or _('draft')}, {one['customer_name']}, {money(one['total']['amount'], one['total']['currency'])}, "
        + _("due %(day)s", day=day(one["due_date"]))
        for one in output["invoices"][:SHOWN_MAX]
    ]
    return _listed(ngettext("One invoice.", "%(num)d invoices.", output["count"]), lines, output["count"])


def _bills(_arguments: JsonObject, output: JsonObject) -> str:
    if not output["bills"]:
        return _("No open bill fits that.")
    lines = [
        f"{one['vendor_reference']}, {one['vendor_name']}, {money(one['open']['amount'], one['open']['currency'])}, "
        + _("due %(day)s", day=day(one["due_date"]))
        for one in output["bills"][:SHOWN_MAX]
    ]
    return _listed(ngettext("One open bill.", "%(num)d open bills.", output["count"]), lines, output["count"])


def _updated(_arguments: JsonObject, output: JsonObject) -> str:
    return _("Changed. The enquiry is now: %(enquiry)s.", enquiry=enquiry_line(output["enquiry"]))


def _trip(_arguments: JsonObject, output: JsonObject) -> str:
    people = ", ".join(one["full_name"] for one in output["passengers"]) or _("nobody yet")
    lines = []
    for line in output["lines"]:
        when = f", {day(line['starts_on'])}" if line["starts_on"] else ""
        lines.append(f"{line['name']}{when}, {line['status']}, {money(line['price']['amount'], line['price']['currency'])}")
    totals = ", ".join(money(total["price"], total["currency"]) for total in output["totals"])
    told = [_listed(f"{output['title']}: {people}", lines[:SHOWN_MAX], len(lines)), _("The customer pays %(totals)s.", totals=totals)]
    return "\n".join([*told, *(finding["sentence"] for finding in output["findings"][:SHOWN_MAX])])


def _itinerary(_arguments: JsonObject, output: JsonObject) -> str:
    lines = [f"{one['flight']}, {one['origin']} → {one['destination']}, {one['departs_at'].replace('T', ' ')}" for one in output["flights"]]
    lines += [f"{one['name']}, {one['city']}, {day(one['check_in'])} – {day(one['check_out'])}" for one in output["hotels"]]
    lines += [f"{one['origin']} → {one['destination']}, {day(one['on'])}" + (f" {one['at']}" if one["at"] else "") for one in output["transfers"]]
    lines += [_("visa for %(country)s, %(status)s", country=one["country"], status=one["status"]) for one in output["visas"]]
    if not lines:
        return _("Nothing is in the itinerary yet.")
    totals = ", ".join(money(total["amount"], total["currency"]) for total in output["totals"])
    head = ", ".join(output["passengers"]) or _("Itinerary")
    return _listed(head, lines[:SHOWN_MAX], len(lines)) + "\n" + _("Total %(totals)s.", totals=totals)


def _added(_arguments: JsonObject, output: JsonObject) -> str:
    return _("%(name)s travels along. The passport’s number goes in on the page of the trip.", name=output["full_name"])


def _removed(_arguments: JsonObject, output: JsonObject) -> str:
    return _("%(name)s is off the trip.", name=output["full_name"])


def _transfer(_arguments: JsonObject, output: JsonObject) -> str:
    price = output["price"]
    return _("Planned: %(name)s on %(day)s, %(price)s.", name=output["name"], day=day(output["on"]), price=money(price["amount"], price["currency"]))


def _not_supported(_arguments: JsonObject, output: JsonObject) -> str:
    return str(output["detail"])


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
}
