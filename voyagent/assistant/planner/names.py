"""Names of customers and suppliers that nobody bears: who is meant is asked before one of them goes
into the books.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Literal

from voyagent.assistant.moves import Ask, Call, Context, Move
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.dates import find_days
from voyagent.kernel.text.people import answered_name, as_firm

JsonObject = dict[str, Any]
Side = Literal["customer", "supplier"]
WHOSE = "whose"
"""What such a question asks for."""
FIELDS: dict[str, tuple[str, Side]] = {
    **dict.fromkeys(
        (
            "draft_invoice",
            "create_invoice",
            "record_receipt",
            "write_off_invoice",
            "find_invoices",
            "list_receivables",
            "summarise_enquiry",
        ),
        ("customer_name", "customer"),
    ),
    **dict.fromkeys(
        ("receive_bill", "pay_bill", "find_bills", "list_payables"), ("vendor_name", "supplier")
    ),
    "find_enquiries": ("q", "customer"),
}
_OF_BOOKS = ("record_receipt", "pay_bill", "write_off_invoice")
"""Those that look for what is open under the name, so that it is nobody's who is new."""
_NEW = re.compile(
    r"^\s*(?:no[,."
    r" ]+)?(?:(?:it|she|he|that|this|they)(?:['’]s|['’]re|\s+is|\s+are)\s+)?(?:an?\s+|the\s+)?new"
    r"(?:\s+(?:one|customer|supplier|name|client|vendor))?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\s*(?:yes|yep|yeah|sure|ok(?:ay)?|right|correct|exactly|haan|that one|the first(?:"
    r" one)?)\b[\s,.!]*(?:please\s*[.!]*)?$",
    re.IGNORECASE,
)
_YES_AND = re.compile(r"^\s*(?:yes|yep|yeah|no|i mean|i meant)[,.: ]+", re.IGNORECASE)


def meant(move: Move) -> tuple[str, Side] | None:
    """The name that a move is about, and on which side of the books; None where it is about none."""
    if not isinstance(move, Ask | Call) or move.tool not in FIELDS:
        return None
    field, side = FIELDS[move.tool]
    name = (move.known if isinstance(move, Ask) else move.arguments).get(field)
    return (str(name), side) if name else None


def key_of(name: str) -> str:
    """Under what a name is found in `Context.names`."""
    return " ".join(name.split()).casefold()


def doubted(tool: str, known: JsonObject, context: Context) -> Ask | None:
    """The question whose the name is; None where somebody bears it, nobody's comes near, or the
    person has said that it is new.
    """
    if tool not in (*_OF_BOOKS, "draft_invoice", "receive_bill") or known.get("sure_name"):
        return None
    field, side = FIELDS[tool]
    name, near = str(known.get(field) or ""), near_to(str(known.get(field) or ""), context)
    if not near:
        return None
    if tool in _OF_BOOKS:
        if any(key_of(name) in key_of(one) for one in near):
            return None  # a part of a name finds what is open
        text = _(
            "Nobody is called %(name)s in the books. Did you mean %(near)s?",
            name=name,
            near=_or(near),
        )
    elif side == "customer":
        text = _("Did you mean %(near)s, or is %(name)s a new customer?", near=_or(near), name=name)
    else:
        text = _("Did you mean %(near)s, or is %(name)s a new supplier?", near=_or(near), name=name)
    return Ask(text, tool=tool, known={**known, "near": near}, missing=WHOSE)


def near_to(name: str, context: Context) -> list[str]:
    """Whose names come near one that nobody bears; nothing for every other."""
    found = context.names.get(key_of(name)) or {}
    return [] if found.get("is_known", True) else list(found.get("near", ()))


def nobody_found(call: Call, output: JsonObject, context: Context) -> str:
    """A sentence on whose names come near, for a look-up by a name that nobody bears and that found
    nothing; nothing for every other.
    """
    about = meant(call)
    near = near_to(about[0], context) if about else []
    if not near or any(output.get(name) for name in ("total", "count", "found")):
        return ""
    return _("Names that come near: %(names)s.", names=", ".join(near))


def answered(question: Ask, said: str, today: date) -> JsonObject | None:
    """What is known once the question is answered: the name that is meant, or that it is new; None
    where the words say neither, such as a day.
    """
    field, _side = FIELDS[question.tool]
    near = list(question.known.get("near", ()))
    known = {name: value for name, value in question.known.items() if name != "near"}
    if _NEW.match(said):
        return known | {"sure_name": True}
    if _YES.match(said):
        return known | {field: near[0]} if len(near) == 1 else None
    name = None if find_days(said, today) else answered_name(_YES_AND.sub("", said), as_firm)
    if name is None:
        return None
    fitting = [one for one in near if key_of(name) in key_of(one)]
    if key_of(name) == key_of(str(question.known.get(field, ""))):
        return known | {"sure_name": True}
    return known | {field: fitting[0] if len(fitting) == 1 else name}


def _or(names: list[str]) -> str:
    return (
        names[0]
        if len(names) == 1
        else _("%(names)s or %(last)s", names=", ".join(names[:-1]), last=names[-1])
    )
