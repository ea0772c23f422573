"""Drafts in few words: `issue it` means the one that the conversation is about, and one that is to
be changed is shown with the page that changes it.
"""

from __future__ import annotations

import re
from typing import Any

from voyagent.assistant.moves import Call, Context, Move, Say
from voyagent.assistant.planner import corrections, invoicing, sentences
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.people import POSSESSIVE, as_name, without_possessive

JsonObject = dict[str, Any]
_POLITE = (
    r"^\s*(?:ok(?:ay)?[,. ]+|yes[,. ]+|please\s+|now\s+|then\s+|and\s+|can you\s+|could you\s+)*"
)
ISSUE = re.compile(
    _POLITE + r"(?:issue|post|finali[sz]e|release)\s+(?:the|that|this|it|her|his|their|an?\b"
    rf"|(?P<whose>(?-i:[A-Z])[^\d\n]*?){POSSESSIVE}(?=\s+(?:draft|invoice)\b))?\s*(?:draft\s*)?(?:invoice|draft|bill)?"
    r"(?:\s*(?:for|of|to)\s+(?P<name>[^\d\n]+?))?\s*(?:now|please)?\s*[.!?]?\s*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b\d{4}-\d{2}/\d{1,6}\b")
_PRONOUN = re.compile(r"\b(?:it|that|this)\s*(?:now|please)?\s*[.!?]?\s*$", re.IGNORECASE)
CHANGE = re.compile(
    _POLITE + r"(?:correct|change|edit|amend|fix|adjust|update|revise)\s+"
    rf"(?:the\s+|this\s+|that\s+|my\s+|our\s+|her\s+|his\s+|their\s+|(?P<whose>(?-i:[A-Z])[^\d\n:,]*?){POSSESSIVE}\s+)?(?:draft(?:\s+invoice)?|invoice)"
    r"(?:\s+(?:amount|total|price|sum|value|(?:due |issue"
    r" )?date|customer|lines?))?(?:\s+(?:for|of|to)\s+(?!be\b)(?P<name>[^\d\n:,]+?))?"
    r"(?:\s*[:,]\s*|\s+(?:to|from|with|so"
    r" that|and)\s+|\s+(?=[₹$€£\d])|\s*[.!?]*\s*$)(?P<new>[^\n]*)$",
    re.IGNORECASE,
)


def issue(said: re.Match[str], context: Context) -> Move:
    """The draft that is meant: the newest request for one, which is none before it is granted, the
    one of the conversation, or the one told last.
    """
    name = _name_in(said)
    newest = next(
        (
            one
            for one in reversed(context.waiting)
            if one["tool"] in ("draft_invoice", "issue_invoice")
        ),
        None,
    )
    if (
        newest is not None
        and newest["tool"] == "draft_invoice"
        and _is_of(newest["arguments"].get("customer_name", ""), name)
    ):
        return Say(
            _(
                "The invoice for %(name)s still waits for a decision, here above and under"
                " Approvals. Once approved it is a draft, and then I ask for its issue.",
                name=newest["arguments"]["customer_name"],
            )
        )
    draft, told = context.draft, context.last.get("drafts") or []
    if draft is not None and _is_of(draft.customer_name, name):
        if draft.waits:
            return Say(
                _(
                    "The request to issue the invoice for %(name)s waits for a decision already:"
                    " here above, and under Approvals.",
                    name=draft.customer_name,
                )
            )
        return Call(
            "issue_invoice",
            {"invoice_id": draft.invoice_id},
            words=_(
                "Issuing gives it the next number and posts it to the books. That needs approval."
            ),
        )
    if len(told) == 1 and _is_of(told[0]["customer_name"], name):
        return _proposed(told[0])
    arguments = {"status": "draft"}
    if name is None and context.enquiry is not None:
        name = context.enquiry.customer_name
    return Call("find_invoices", arguments | ({"customer_name": name} if name else {}))


def after_lookup(said: str, invoices: list[JsonObject], context: Context) -> Move | None:
    """What follows once the drafts are looked up that are to be issued or changed; None where they
    were looked up for something else.
    """
    if ISSUE.match(said):
        return _one_of(said, invoices, context)
    return Say(_pages_of(invoices)) if CHANGE.match(said) else None


def _one_of(said: str, invoices: list[JsonObject], context: Context) -> Move:
    """The only draft there is.

    Of several none is chosen, and `it` alone is no draft that nobody here has spoken of.
    """
    if not invoices:
        return Say(
            _(
                "There is no draft to issue. Say “invoice Deepa Krishnan 45,000 for Dubai visa” to"
                " have one drawn up."
            )
        )
    if len(invoices) > 1:
        return Say(sentences.several_drafts(invoices))
    if _PRONOUN.search(said) and context.enquiry is None:
        return Say(
            _(
                "There is one draft, for %(draft)s. If you mean that, say “issue the invoice for"
                " %(name)s”.",
                draft=_named(invoices[0]),
                name=invoices[0]["customer_name"],
            )
        )
    return _proposed(invoices[0])


def change(said: re.Match[str], context: Context) -> Move | invoicing.InvoiceRequest:
    """The request that waits with what is said of it; else the draft is looked up, to be named with
    its page.
    """
    if _NUMBERED.search(said.string):
        return Say(_pages_of([]))
    name, newest = _name_in(said), context.waiting[-1] if context.waiting else None
    if (
        newest is not None
        and newest["tool"] == "draft_invoice"
        and _is_of(newest["arguments"].get("customer_name", ""), name)
    ):
        corrected = corrections.invoice_corrected(
            f"make it {_new_of(said)}", context, lambda _words: True
        )
        return corrected or Say(
            _(
                "The invoice for %(name)s still waits for a decision: its button “Edit” changes"
                " it before it is approved.",
                name=newest["arguments"]["customer_name"],
            )
        )
    if name is None and context.draft is not None:
        name = context.draft.customer_name
    elif name is None and context.enquiry is not None:
        name = context.enquiry.customer_name
    return Call("find_invoices", {"status": "draft"} | ({"customer_name": name} if name else {}))


def _pages_of(invoices: list[JsonObject]) -> str:
    """The drafts with the pages that change them; that there is none, and what is done to an
    invoice that is issued.
    """
    if not invoices:
        return _(
            "No draft fits that. An invoice that is issued stays as it is; what is wrong on it is"
            " put right by a credit note on its page: %(link)s.",
            link="[/invoices](/invoices)",
        )
    if len(invoices) == 1:
        return _(
            "I do not change a draft by words. The draft for %(draft)s is changed on its page:"
            " %(link)s.",
            draft=_named(invoices[0]),
            link=_link(invoices[0]),
        )
    listed = [f"• {_named(one)}: {_link(one)}" for one in invoices[: sentences.SHOWN_MAX]]
    return "\n".join((_("I do not change a draft by words; each is changed on its page:"), *listed))


def _name_in(said: re.Match[str]) -> str | None:
    words = said["name"] or said["whose"]
    return as_name(without_possessive(words)) if words else None


def _new_of(said: re.Match[str]) -> str:
    """What is to stand there: of `70,000 instead of 72,800` the first, of `72,800 to 70,000` the
    last.
    """
    words = re.split(r"\s+(?:instead of|rather than|not)\s+", said["new"], flags=re.IGNORECASE)[0]
    return re.split(r"\bto\s+(?=[₹$€£\d])", words, flags=re.IGNORECASE)[-1].strip(" .")


def _is_of(customer: str, name: str | None) -> bool:
    return name is None or customer.casefold().startswith(name.casefold())


def _named(draft: JsonObject) -> str:
    return (
        f"{draft['customer_name']},"
        f" {sentences.money(draft['total']['amount'], draft['total']['currency'])}"
    )


def _link(draft: JsonObject) -> str:
    page = f"/invoices/{draft['id']}/edit"
    return f"[{page}]({page})"


def _proposed(draft: JsonObject) -> Call:
    return Call(
        "issue_invoice",
        {"invoice_id": draft["id"]},
        words=_(
            "The draft for %(name)s, %(total)s: issuing gives it the next number and posts it."
            " That needs approval.",
            name=draft["customer_name"],
            total=sentences.money(draft["total"]["amount"], draft["total"]["currency"]),
        ),
    )
