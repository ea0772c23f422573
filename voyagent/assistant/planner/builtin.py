"""The planner that needs no model: it recognises what is said, chooses one tool after another, and
says what came of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from voyagent.assistant.moves import (
    Ask,
    Call,
    Context,
    Conversation,
    Done,
    Move,
    Outcome,
    Played,
    Say,
    Tell,
    silently,
)
from voyagent.assistant.planner import (
    amended,
    completion,
    corrections,
    documents,
    fulfilment,
    hindrances,
    intake,
    invoicing,
    issuing,
    names,
    newenquiry,
    nextsteps,
    offers,
    pronouns,
    questions,
    reasking,
    refusals,
    releasing,
    sentences,
    setright,
    shorthand,
    smalltalk,
    telling,
    travel,
    unheard,
    waiting,
)
from voyagent.assistant.planner.wishes import Wish, is_of_wish
from voyagent.assistant.planner.wording import _
from voyagent.kernel.text.amounts import find_figures
from voyagent.kernel.text.passages import condense
from voyagent.kernel.text.people import as_name

_DROP = re.compile(
    r"^\s*(?:no(?:pe)?(?:[,.! ]+(?:thanks?|thank you|please|no|need|way|longer|more|not now|never"
    r" ?mind|leave it|forget it|stop"
    r"|cancel(?: (?:that|it))?|do(?:n['’]t| not))\b[^\n]{0,20})?\s*[.!]*\s*$"
    r"|(?:never ?mind|cancel(?: that| it)?|forget (?:it|that)|stop|leave it|not now|skip)\b"
    r"(?!\s+(?:the|this|their|her|his|hotel|booking|enquiry)\b)[^\n]{0,20}$)",
    re.IGNORECASE,
)
_NODS = re.compile(
    r"^\s*(?:yes|yep|sure|ok(?:ay)?|k|fine|all ?right|got"
    r" it|understood|noted|great|please)\s*[.!]*\s*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\b(?:issue|post|finali[sz]e|release)\b.*\b\d{4}-\d{2}/\d{1,6}\b", re.IGNORECASE
)
COMMAND_MAX = 1_500
_SOFTLY = re.compile(
    r"^\s*(?:(?:ok(?:ay)?|great|thanks?|thank you|perfect|good|nice|cool|hmm+|oh|right|well|one"
    r" (?:moment|minute|second))"
    r"(?:[,.! ]+(?:and|but|so|then|now))*[,.! ]+)+"
    r"(?=(?:please\s+)?(?:make|change|set|correct|no|sorry|actually|due|dated|it (?:is|was))\b)",
    re.IGNORECASE,
)
"""Before a correction, of which these words are no part."""
_AND = re.compile(
    r"^\s*(?:(?:oh|ok(?:ay)?|so|now|then)[, ]+)*(?:and|also)\s+(?:also\s+)?(?=\S+\s+\S)",
    re.IGNORECASE,
)


class BuiltInPlanner:
    """Recognises the commonest requests in plain English; pure, so the same conversation always
    gives the same move.
    """

    name = "built-in"

    def next_move(self, conversation: Conversation, _tell: Tell = silently) -> Move:
        """What to do next: a first move for what was said, then one after the last outcome.

        What is asked for already is not asked for twice.
        """
        conversation = replace(
            conversation, message=_in_plain(conversation.message, conversation.context)
        )
        if not conversation.played:
            first = nextsteps.on_own_trip(
                self._first(conversation), conversation.message, conversation.context
            )
            return _unless_it_waits(first, conversation)
        last = conversation.played[-1]
        if (
            isinstance(last.move, Call)
            and last.outcome is not None
            and last.outcome.approval_id is None
        ):
            next_one = nextsteps.on_own_trip(
                self._after(conversation, last.move, last.outcome),
                conversation.message,
                conversation.context,
            )
            return _unless_it_waits(next_one, conversation)
        return Done()

    def aim(self, conversation: Conversation, call: Call) -> str:
        """The tool that a turn's first call is made for: its own, or the one that something is
        looked up for.
        """
        message = _in_plain(conversation.message, conversation.context)
        wish = fulfilment.wished(
            condense(message, COMMAND_MAX), _heard(message, conversation.context)[1]
        )
        return (
            wish.tool if isinstance(wish, Wish) and fulfilment.looks_up(wish) == call else call.tool
        )

    def _first(self, conversation: Conversation) -> Move:
        if conversation.decision is not None:
            return nextsteps.after_decision(conversation.decision)
        return understand(conversation.message, conversation.context)

    def _after(self, conversation: Conversation, call: Call, outcome: Outcome) -> Move:
        added = [
            one
            for one in conversation.played
            if isinstance(one.move, Call) and one.move.tool == "add_passenger"
        ]
        said, context = (
            condense(conversation.message, COMMAND_MAX),
            _heard(conversation.message, conversation.context)[1],
        )
        wish = fulfilment.wished(said, context)
        of_people = (
            fulfilment.of_people(wish, call, outcome, added, said, context)
            if isinstance(wish, Wish)
            else None
        )
        next_one = of_people or releasing.follows(
            wish if isinstance(wish, Wish) else None, call, outcome, conversation
        )
        if next_one is not None:
            return next_one
        if outcome.error is not None:
            return Say(refusals.of_a_tool(sentences.tell(call, outcome), call))
        found = {
            one.move.tool: one.outcome.output
            for one in conversation.played
            if isinstance(one.move, Call) and one.outcome is not None
        }
        followed = (
            completion.after_lookup(wish, call, found, context) if isinstance(wish, Wish) else None
        )
        if followed is not None:
            return followed
        if call.tool == "list_ledger_accounts":
            wanted = questions.account_wanted(said, conversation.context.today)
            if wanted is not None:
                return _balance_of(*wanted, outcome.output["accounts"])
        of_draft = (
            issuing.after_lookup(said, outcome.output["invoices"], context)
            if call.tool == "find_invoices"
            else None
        )
        if of_draft is not None:
            return of_draft
        if (
            call.tool == "hold_flight"
            and "locator" not in outcome.output
            and "fare" in outcome.output
        ):
            return offers.at_another_price(call, outcome.output["fare"])
        if call.tool == "create_enquiry":
            return Say(
                "\n".join(
                    filter(
                        None,
                        (
                            sentences.logged(newenquiry.intake_of(conversation), outcome),
                            nextsteps.beside_another(outcome.output, context),
                        ),
                    )
                )
            )
        if context.listed and refusals.asks_for_more(said):
            words = telling.further(call, outcome, context.listed["told"])
        else:
            output = completion.for_telling(
                wish if isinstance(wish, Wish) else None, call, outcome.output, found, context
            )
            words = telling.tell(call.tool, call.arguments, output) or sentences.tell(call, outcome)
            words = "\n".join(
                filter(
                    None,
                    (
                        words,
                        names.nobody_found(call, outcome.output, context),
                        nextsteps.behind(call, context),
                    ),
                )
            )
        return Say(words)


def _unless_it_waits(move: Move, conversation: Conversation) -> Move:
    """The same move, with what it leaves out of the words; where the very same was asked for and
    waits for a decision, a word on that.
    """
    if not isinstance(move, Call):
        return move
    same = (
        one
        for one in conversation.context.waiting
        if one["tool"] == move.tool and move.arguments.items() <= one["arguments"].items()
    )
    known = next(same, None)
    if move.tool in unheard.TOOLS - {"write_off_invoice"} and unheard.is_negated(
        conversation.message
    ):
        return Say(
            _("That says what did not happen, and I record only what did. I have done nothing.")
        )
    if known is None:
        return unheard.noted(move, conversation)
    return Say(
        _(
            "That is asked for already and waits for a decision, here above and under Approvals:"
            " %(summary)s",
            summary=known["summary"],
        )
    )


def understand(message: str, context: Context) -> Move:
    """The first move for a message; a command is short, so only its beginning is read as one."""
    message = _in_plain(message, context)
    said = condense(message, COMMAND_MAX)
    asked = (
        hindrances.asked_of_the_day(context.question, said, context) if context.question else None
    )
    return asked or hindrances.told_of_the_day(_heard(message, context)[0], said, context)


def _in_plain(message: str, context: Context) -> str:
    """The message with pronouns as names; where it is not understood as it stands, and what was
    typed short is once it is written out, that.
    """
    message = pronouns.of_whom(_SOFTLY.sub("", message), context)
    bare = _AND.sub("", message)
    if (
        bare != message
        and context.question is not None
        and _request(condense(bare, COMMAND_MAX), bare, replace(context, question=None)) is not None
    ):
        message = bare
    bare = intake.without_greeting(message)
    if bare != message.strip() and _is_understood(bare, context):
        message = bare
    other = shorthand.written_out(message)
    if other == message or _is_understood(message, context) or not _is_understood(other, context):
        return message
    return other


def _is_understood(message: str, context: Context) -> bool:
    said, question = condense(message, COMMAND_MAX), context.question
    if question is not None and _answer(question, said, context) is not None:
        return True
    return _request(said, message, replace(context, question=None)) is not None


def _heard(message: str, context: Context) -> tuple[Move, Context]:
    """The first move, and the context that it was understood in: without our own question where the
    words go on with something else.

    A request goes before the question, which is let go. What is neither answer nor request gets the
    question anew, at most twice.
    """
    said, question = condense(message, COMMAND_MAX), context.question
    replaced = (
        question.known.get("replaces")
        if question is not None and question.missing == "sure"
        else None
    )
    if replaced and all(one["id"] != replaced for one in context.waiting):
        question, context = None, replace(context, question=None)  # somebody has decided meanwhile
    if question is None:
        return _request(said, message, context) or Say(refusals.cannot(said, context)), context
    free = replace(context, question=None)
    if (
        _DROP.match(said)
        and releasing.release(said, free) is None
        and offers.picked(said, free) is None
    ):
        left = _("All right, I left it.")
        return (
            Say(f"{left}\n{waiting.still_waits(context.waiting)}" if context.waiting else left),
            context,
        )
    if smalltalk.hesitates(said):
        return reasking.with_time(question), context
    if reasking.picks_too_early(question, said):
        return (
            reasking.once_more(question, said) or Say(refusals.cannot(said, free)),
            context,
        )  # of rooms that are still to be searched nothing is picked
    answer = _answer(question, said, context)
    if answer is not None:
        return answer, context
    request = (
        None if _NODS.match(said) else _request(said, message, _without_older(question, said, free))
    )
    if request is not None:
        return request, free
    asked = reasking.once_more(question, said)
    return (
        (asked, context)
        if asked
        else (
            Say(
                "\n".join(
                    (_("I have let my question go; nothing was done."), refusals.cannot(said, free))
                )
            ),
            free,
        )
    )


def _without_older(question: Ask, said: str, free: Context) -> Context:
    """The context in which words beside our question are read: a correction is of what the question
    is about, not of what waits or was shown before it.
    """
    if corrections.contradicted(said) is None:
        return free
    return (
        replace(free, waiting=[], offers={}, last={})
        if question.tool in setright.MONEY
        else replace(free, waiting=[])
    )


def _request(said: str, message: str, context: Context) -> Move | None:
    """The first move for words that stand for themselves; None where they are not understood."""
    for reading in (_corrected, _chat, _desk_wish, newenquiry.customers_words, _invoice_wish):
        move = reading(said, message, context)
        if move is not None:
            return move
    found = questions.recognise(said, context)
    if found is not None:
        return found
    if intake.pasted(message) is not None:
        return newenquiry.log(message, context)
    if context.listed and refusals.asks_for_more(said):
        return Call(context.listed["tool"], context.listed["arguments"])
    told = refusals.elsewhere(said, context)
    return Say(told) if told else smalltalk.taken_back(said, context)


def _corrected(said: str, message: str, context: Context) -> Move | None:
    named = waiting.named(said, context)
    if named is not None:
        return _corrected(named[0], message, named[1])
    if issuing.CHANGE.match(said) or smalltalk.hesitates(said) or smalltalk.leaves(said):
        return None
    told = travel.put_right(said, context)
    if told is not None:
        return told

    def asks(words: str) -> bool:
        return (
            questions.recognise(words, context) or fulfilment.recognise(words, context)
        ) is not None

    invoice = corrections.invoice_corrected(said, context, asks)
    if invoice is not None:
        return nextsteps.if_meant(_invoice(invoice, context), context)
    found = amended.recognise(said, context, asks) or offers.rebooked(
        said, releasing.without_not(said), context
    )
    again = found or nextsteps.refused_put_right(
        context, lambda refused: amended.recognise(said, refused, asks)
    )
    if again is None and (both := _both_corrected(said, message, context)) is not None:
        return both
    return (
        nextsteps.if_meant(again, context)
        if again is not None
        else corrections.recognise(said, context)
    )


def _both_corrected(said: str, message: str, context: Context) -> Move | None:
    """`make it 12,700 and due 15 December`: two things of the newest request, one after the other;
    None where either sets nothing right.
    """
    first, between, second = said.rpartition(" and ")
    if not between or corrections.contradicted(first) is None or not context.waiting:
        return None
    one = _corrected(first, message, context)
    if not isinstance(one, Call) or not one.replaces:
        return None
    after = replace(
        context,
        waiting=[
            asked | {"arguments": one.arguments} if asked["id"] == one.replaces else asked
            for asked in context.waiting
        ],
    )
    other = _corrected(f"no, {second}", message, after)
    return other if isinstance(other, Call) and other.replaces == one.replaces else None


def _chat(said: str, _message: str, context: Context) -> Move | None:
    return smalltalk.small_talk(said, context)


def _desk_wish(said: str, _message: str, context: Context) -> Move | None:
    found = fulfilment.recognise(said, context)
    return fulfilment.first_move(found, context) if isinstance(found, Wish) else found


def _invoice_wish(said: str, message: str, context: Context) -> Move | None:
    if _NUMBERED.search(said):
        return Say(
            _("An invoice with a number has been issued already; an invoice is issued once.")
        )
    issue, change = issuing.ISSUE.match(said), issuing.CHANGE.match(said)
    if issue and not find_figures(said):
        return issuing.issue(issue, context)
    if change:
        changed = issuing.change(change, context)
        return (
            _invoice(changed, context) if isinstance(changed, invoicing.InvoiceRequest) else changed
        )
    request = invoicing.request_in(said)
    if request is None:
        return None
    if invoicing.asks_for_two(request):
        return Say(
            _("One invoice at a time, please: say the first, and when it is proposed the next.")
        )
    if len(condense(message, COMMAND_MAX + 1)) > COMMAND_MAX:
        return Say(
            _(
                "That is too long for me to read as one invoice. Give me the lines in fewer words,"
                " or in two invoices."
            )
        )
    return _invoice(invoicing.read(request, context), context)


def _answer(question: Ask, message: str, context: Context) -> Move | None:
    """The move for words that answer our own question or set right what it is about; None for all
    others, such as those that ask for something themselves.
    """
    right = setright.of_wish(question, message, context) if is_of_wish(question) else None
    move = (
        fulfilment.first_move(Wish(question.tool, right), context)
        if right is not None
        else _answered(question, message, context)
    )
    if (
        isinstance(move, Ask)
        and move.missing == question.missing
        and _told(move.known) == _told(question.known)
    ):
        asked = hindrances.plain(question)
        return (
            move if asked is not None and asked.text != move.text else None
        )  # a day that is past is told as one
    words = (
        setright.noted(question.known, move.known)
        if isinstance(move, Ask) and move.tool == question.tool
        else ""
    )
    return replace(move, text=f"{words} {move.text}") if isinstance(move, Ask) and words else move


def _answered(question: Ask, message: str, context: Context) -> Move | None:
    """The move for an answer as it was asked for; None where the words are none."""
    if (
        question.missing == documents.WHICH
        and documents.answered(question, message, context, fulfilment.recognise) is not None
    ):
        chosen = fulfilment.wished(message, context)
        return fulfilment.first_move(chosen, context) if isinstance(chosen, Wish) else chosen
    if "\n" in message.strip() and intake.pasted(message) is not None:
        return None
    if question.missing not in ("sure", names.WHOSE) and (
        _NODS.match(message) or smalltalk.small_talk(message, context) is not None
    ):
        return None
    if (
        invoicing.request_in(message) is not None
        or intake.is_dictated(message)
        or issuing.ISSUE.match(message)
        or issuing.CHANGE.match(message)
    ):
        return None
    in_words = (
        question.missing in setright.IN_WORDS
        and not newenquiry.COMMANDING.match(message)
        and "?" not in message
    )
    if (
        (not in_words and questions.recognise(message, context) is not None)
        or fulfilment.request(message, context) is not None
        or refusals.names_a_page(message)
    ):
        return None
    if is_of_wish(question):
        is_as_said = question.missing in {
            "sure",
            names.WHOSE,
            *fulfilment.FOR_WHOM,
        } or setright.is_no_answer(question, message)
        wish = fulfilment.wished(
            message if is_as_said else corrections.without_no(message), context
        )
        return fulfilment.first_move(wish, context) if isinstance(wish, Wish) else wish
    if question.tool == "draft_invoice":
        return _invoice(_answered_invoice(question, message, context), context)
    return newenquiry.answered_name(question, message, context)


def _answered_invoice(question: Ask, message: str, context: Context) -> invoicing.InvoiceRequest:
    """An answer put into what is known; one that says more than the name is read as the whole
    request that it goes on.
    """
    rest, missing = corrections.contradicted(message), question.missing
    right = invoicing.going_on(
        {name: value for name, value in question.known.items() if name != "near"}
    )
    if rest is not None and corrections.facts_set_right(rest, right, context):
        return right
    anew = corrections.named_anew(question, message, context)
    if anew is not None:
        return anew
    if missing == names.WHOSE:
        return invoicing.going_on(
            names.answered(question, message, context.today) or question.known
        )
    if missing == "description" and setright.is_question(message):
        return invoicing.going_on(question.known)
    if missing == "description" and rest is not None and not invoicing.is_service(rest):
        return invoicing.going_on(question.known)  # `no, yesterday` is nothing that is sold
    if missing == "customer_name" and not question.known.get("line_items"):
        whole = invoicing.request_in(f"invoice {message.strip()}")
        read = invoicing.read(whole, context) if whole is not None else None
        if (
            read is not None
            and not read.refused
            and read.known.get("line_items")
            and read.known.get("customer_name")
        ):
            return read
    return invoicing.answer(missing, rest or message, question.known, context)


def _told(known: dict[str, Any]) -> dict[str, Any]:
    """What is known, without what is still empty."""
    return {name: value for name, value in known.items() if value not in (None, "", {})}


def _invoice(request: invoicing.InvoiceRequest, context: Context) -> Move:
    if request.refused:
        return Say(request.refused)
    doubted = names.doubted("draft_invoice", {**request.known, "took": request.took}, context)
    if doubted is not None:
        return doubted
    missing = request.missing
    if missing is not None:
        asked = f"{request.caution} {invoicing.question_for(missing, request.known)}".strip()
        return Ask(
            asked,
            tool="draft_invoice",
            known={**request.known, "took": request.took},
            missing=missing,
        )
    arguments = invoicing.complete(request, context)
    return Call(
        "draft_invoice",
        arguments,
        words=sentences.proposed_invoice(arguments, request.took),
        replaces=request.known.get("replaces", ""),
    )


def _balance_of(said: str, as_of: str | None, accounts: list[dict[str, Any]]) -> Move:
    """The account that the words mean: its code, its name, or the only one that is close."""
    meant, name = completion.accounts_meant(said, accounts), as_name(said)
    if (
        not meant
        and name
        and len(name.split()) > 1
        and not completion.accounts_near(said, accounts)
    ):
        return Call(
            "list_receivables", {"customer_name": name} | ({"as_of": as_of} if as_of else {})
        )
    if len(meant) == 1:
        return Call(
            "read_account_balance",
            {"account_id": meant[0]["id"]} | ({"as_of": as_of} if as_of else {}),
        )
    return completion.which_account(said, meant, completion.accounts_near(said, accounts))


__all__ = ["BuiltInPlanner", "Played", "understand"]
