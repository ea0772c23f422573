"""An enquiry as it is logged: from a customer's own words or a line of staff, with the name asked
for where the words do not say it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from voyagent.assistant.moves import Ask, Call, Context, Conversation, Move, Say
from voyagent.assistant.planner import corrections, intake, travel
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text import people

COMMANDING = re.compile(
    r"^\s*(?:please\s+|can you\s+|could"
    r" you\s+)*(?:show|list|find|search|summari[sz]e|tell|give|who|what|which|how|is|are|does|do"
    r" we|invoice"
    r"|bill|issue|draft|raise|make|create|prepare|trial|balance|bank)\b",
    re.IGNORECASE,
)


def customers_words(said: str, message: str, context: Context) -> Move | None:
    """What is logged of a customer's own words; None for words of another kind, such as a command."""
    words, about = intake.pasted(message), context.enquiry
    told = people.requester_name(message) if about is not None and intake.is_told(message) else None
    if (
        about is not None
        and told is not None
        and about.customer_name.casefold().startswith(told.value.casefold())
    ):
        return Say(
            _(
                "This conversation is about the enquiry of %(name)s. To change it, say for example"
                " “change the destination to Bali”.",
                name=about.customer_name,
            )
        )
    if words is None or (COMMANDING.match(said) and not intake.is_dictated(message)):
        return None
    return log(message, context)


def answered_name(question: Ask, message: str, context: Context) -> Move | None:
    """The enquiry of whoever is named; the question anew where the words set right what was read of
    the message instead.
    """
    right, arguments = corrections.contradicted(message), question.known["arguments"]
    if right is not None:
        changed = travel.told_right(right, arguments, context)
        return (
            replace(question, known={**question.known, "arguments": changed}) if changed else None
        )
    name = people.answered_name(message)
    return Call("create_enquiry", {**arguments, "customer_name": name}) if name else None


def log(message: str, context: Context) -> Move:
    """The enquiry, or the question whose it is."""
    read = _read_intake(message, context)
    if not read.notes:
        return Say(
            _(
                "Paste the customer’s message after that, or say who asks for what: “log an enquiry"
                " from Deepa Krishnan: Kochi to Dubai, 19–25 Dec, 2 adults”."
            )
        )
    if "customer_name" not in read.index:
        return Ask(
            _(
                "I have read the message, but it does not say who it is from. What is the"
                " customer’s name?"
            ),
            tool="create_enquiry",
            known={"arguments": read.arguments, "message": message},
            missing="customer_name",
        )
    return Call("create_enquiry", read.arguments)


def _read_intake(message: str, context: Context, named: str | None = None) -> intake.Intake:
    words = intake.pasted(message) or ""
    return intake.read(
        words,
        today=context.today,
        currency=context.currency,
        named=named,
        dictated=intake.is_dictated(message),
    )


def intake_of(conversation: Conversation) -> intake.Intake:
    """What the create_enquiry call was read from: this message, or the one before the question
    about the name.
    """
    call = next(played.move for played in conversation.played if isinstance(played.move, Call))
    question = conversation.context.question
    asked = (
        question is not None
        and question.tool == "create_enquiry"
        and intake.pasted(conversation.message) is None
    )
    source = question.known["message"] if asked and question is not None else conversation.message
    return _read_intake(
        source, conversation.context, named=call.arguments.get("customer_name") if asked else None
    )
