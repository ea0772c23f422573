"""Acts of enquiries, conversations, proposals, the books and the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from tests.approvals import probes
from tests.assistant.line import INVOICE
from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.billing import papers
from tests.enquiries.reading import Page
from tests.identity.keys import with_key
from tests.ledger import books
from tests.people import Person
from voyagent.approvals import tasks as approvals_tasks
from voyagent.approvals.service import deciding, proposing
from voyagent.assistant.queries import turn_context
from voyagent.assistant.rules import drafts
from voyagent.assistant.tasks import run_turn
from voyagent.billing.bills import service as bill_service
from voyagent.billing.invoices.capabilities import draft_invoice, issue_invoice
from voyagent.billing.payments.service import payments as payment_service
from voyagent.chat import tasks as chat_tasks
from voyagent.chat.service import conversations as chat, turns
from voyagent.enquiries import service as enquiries
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries

ENQUIRY = ("enquiry_id",)
SESSION = ("session_id",)
APPROVAL = ("approval_id", "session_id")
HERS = {"by": "alice", "via": "assistant"}
PROGRAM = {"by": None, "via": "job"}
LEAD = "log an enquiry for Deepa Krishnan, 4 people to Dubai"
# More than one action matches it.
UNCLEAR = "Kochi Dubai 12 Dec 2100"
# Tables in which a turn and its failure are stored.
TURN = (
    "chat_events",
    "chat_messages",
    "chat_sessions",
    "chat_turns",
    "chat_turn_steps",
    "rate_limit_hits",
)

# Enquiries
# --------------------------------------------------------------------------------

FORM = {"customer_name": "Deepa Krishnan", "pax_count": "4", "budget_currency": "INR"}
LOGGED = Left("enquiry.created", ENQUIRY)
UPDATED = Left(
    "enquiry.updated",
    ENQUIRY,
    says={"fields": [{"field": "status", "before": "new", "after": "quoted"}]},
)
OPENED = (Left("chat.created", SESSION), Left("enquiry.promoted", ("enquiry_id", "session_id")))


def an_enquiry(person: Person) -> UUID:
    with person.acting() as actor:
        return enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4).id


@act("POST /api/enquiries", leaves=LOGGED, answers=201)
def log_an_enquiry(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 4})


@act(
    "POST /api/enquiries",
    leaves=Left("enquiry.created", ("enquiry_id", "by_api_key_id"), by="bob"),
    answers=201,
)
def log_an_enquiry_by_a_key(stage: Stage) -> Doing:
    api = with_key(stage.bob, "enquiries")
    return lambda: api.post("/enquiries", json={"customer_name": "Deepa Krishnan", "pax_count": 4})


@act("POST /api/enquiries", leaves=LOGGED, answers=201)
def log_an_enquiry_that_may_be_repeated(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post(
        "/enquiries",
        json={"customer_name": "Deepa Krishnan", "pax_count": 4},
        headers={"Idempotency-Key": "once"},
    )


@act("POST /enquiries/new", leaves=in_the_browser(LOGGED), answers=303)
def log_an_enquiry_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/enquiries/new", **FORM)


@act("POST /enquiries/new", leaves=in_the_browser(LOGGED, *OPENED), answers=303)
def log_an_enquiry_and_open_its_conversation(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/enquiries/new", **FORM, then="chat")


@act("POST /api/capabilities/<name>", leaves=LOGGED, answers=200)
def log_an_enquiry_by_its_capability(stage: Stage) -> Doing:
    api = stage.alice.api
    body = {"customer_name": "Deepa Krishnan"}
    return lambda: api.post("/capabilities/create_enquiry", json=body)


@act("POST /do/<name>", leaves=in_the_browser(LOGGED), answers=303)
def log_an_enquiry_by_the_form_of_its_capability(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/do/create_enquiry", **FORM)


@act("PATCH /api/enquiries/<enquiry_id>", leaves=UPDATED, answers=200)
def change_an_enquiry(stage: Stage) -> Doing:
    api, enquiry_id = stage.alice.api, an_enquiry(stage.bob)
    return lambda: api.patch(f"/enquiries/{enquiry_id}", json={"status": "quoted"})


@act(
    "POST /enquiries/<enquiry_id>/edit",
    leaves=in_the_browser(replace(UPDATED, says={})),
    answers=303,
)
def change_an_enquiry_in_the_browser(stage: Stage) -> Doing:
    browser, enquiry_id = stage.alice.browser, an_enquiry(stage.bob)
    seen = Page(browser.get(f"/enquiries/{enquiry_id}/edit")).field("seen")
    return lambda: stage.submit(
        browser,
        f"/enquiries/{enquiry_id}/edit",
        **FORM | {"pax_count": "6", "status": "new", "seen": seen},
    )


@act("POST /enquiries/<enquiry_id>/status", leaves=in_the_browser(UPDATED), answers=303)
def take_an_enquiry_a_step_on(stage: Stage) -> Doing:
    browser, enquiry_id = stage.alice.browser, an_enquiry(stage.bob)
    return lambda: stage.submit(
        browser,
        f"/enquiries/{enquiry_id}/status",
        token_from=f"/enquiries/{enquiry_id}",
        status="quoted",
    )


@act(
    "POST /enquiries/<enquiry_id>/cancel",
    leaves=in_the_browser(Left("enquiry.cancelled", ENQUIRY)),
    answers=303,
)
def cancel_an_enquiry(stage: Stage) -> Doing:
    browser, enquiry_id = stage.alice.browser, an_enquiry(stage.bob)
    return lambda: stage.submit(browser, f"/enquiries/{enquiry_id}/cancel")


@act("POST /api/enquiries/<enquiry_id>/promote-to-session", leaves=OPENED, answers=200)
def open_the_conversation_of_an_enquiry(stage: Stage) -> Doing:
    api, enquiry_id = stage.alice.api, an_enquiry(stage.bob)
    return lambda: api.post(f"/enquiries/{enquiry_id}/promote-to-session")


@act("POST /enquiries/<enquiry_id>/promote", leaves=in_the_browser(*OPENED), answers=303)
def open_the_conversation_of_an_enquiry_in_the_browser(stage: Stage) -> Doing:
    browser, enquiry_id = stage.alice.browser, an_enquiry(stage.bob)
    return lambda: stage.submit(
        browser, f"/enquiries/{enquiry_id}/promote", token_from=f"/enquiries/{enquiry_id}"
    )


# Conversations
# --------------------------------------------------------------------------------

BEGUN = Left("chat.created", SESSION)
MESSAGE_SENT = Left("chat.message_sent", SESSION)
AGAIN = Left("chat.regenerated", SESSION)
REWORDED = Left("chat.message_edited", SESSION)
RENAMED = Left("chat.renamed", SESSION)
DELETED = Left("chat.deleted", SESSION, says={"title": "Krishnan family", "message_count": 0})


def a_conversation(person: Person) -> UUID:
    with person.acting() as actor:
        return chat.create_session(actor, title="Krishnan family").id


def _say(person: Person, session_id: UUID, message: str = "help") -> None:
    person.does(lambda actor: turns.start_turn(actor, session_id, message=message).id)


@act("POST /api/chat/sessions", leaves=BEGUN, answers=201)
def begin_a_conversation(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/chat/sessions")


@act("POST /assistant", leaves=in_the_browser(BEGUN, MESSAGE_SENT), answers=303)
def begin_a_conversation_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/assistant", message="help")


@act("POST /api/chat/sessions/<session_id>/messages", leaves=MESSAGE_SENT, answers=200)
def say_something(stage: Stage) -> Doing:
    api, session_id = stage.alice.api, a_conversation(stage.bob)

    def say() -> Any:
        answer = api.post(f"/chat/sessions/{session_id}/messages", json={"message": "help"})
        answer.close()
        return answer

    return say


@act("POST /assistant/<session_id>", leaves=in_the_browser(MESSAGE_SENT), answers=303)
def say_something_in_the_browser(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, a_conversation(stage.bob)
    return lambda: stage.submit(browser, f"/assistant/{session_id}", message="help")


@act(
    "POST /assistant/<session_id>/stop",
    leaves=in_the_browser(Left("chat.stop_asked", SESSION)),
    answers=303,
)
def stop_the_assistant(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, a_conversation(stage.bob)
    _say(stage.bob, session_id)
    return lambda: stage.submit(
        browser, f"/assistant/{session_id}/stop", token_from=f"/assistant/{session_id}"
    )


def _shown_a_card(stage: Stage, person: Person, message: str) -> tuple[UUID, dict[str, Any]]:
    """Return a conversation with a card, and the card."""
    session_id = a_conversation(person)
    _turn(stage, person, session_id, message)()
    with person.reading():
        card = drafts.open_card(turn_context.recent_messages(session_id))
    assert card is not None, message
    return session_id, card


def _press(stage: Stage, session_id: UUID, card: dict[str, Any], button: str) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(
        browser,
        f"/assistant/{session_id}/cards/{card['card_id']}/{button}",
        token_from=f"/assistant/{session_id}",
    )


@act(
    "POST /assistant/<session_id>/cards/<card_id>/save",
    leaves=in_the_browser(MESSAGE_SENT),
    answers=303,
)
def save_a_card(stage: Stage) -> Doing:
    return _press(stage, *_shown_a_card(stage, stage.bob, LEAD), "save")


@act(
    "POST /assistant/<session_id>/cards/<card_id>/discard",
    leaves=in_the_browser(MESSAGE_SENT),
    answers=303,
)
def discard_a_card(stage: Stage) -> Doing:
    return _press(stage, *_shown_a_card(stage, stage.bob, LEAD), "discard")


@act(
    "POST /assistant/<session_id>/cards/<card_id>/choose/<capability>",
    leaves=in_the_browser(MESSAGE_SENT),
    answers=303,
)
def choose_another_action_of_a_card(stage: Stage) -> Doing:
    session_id, card = _shown_a_card(stage, stage.bob, UNCLEAR)
    return _press(stage, session_id, card, f"choose/{card['offered'][1]}")


def _answered(stage: Stage) -> tuple[UUID, str]:
    """Return a conversation of Bob's with one answered message, and its turn."""
    session_id = a_conversation(stage.bob)
    with stage.bob.acting() as actor:
        turn = turns.start_turn(actor, session_id, message="help")
        turns.mark_finished(turn, "done")
    return session_id, turn.id


@act(
    "POST /api/chat/sessions/<session_id>/stop",
    leaves=Left("chat.stop_asked", SESSION),
    answers=200,
)
def stop_the_assistant_by_a_program(stage: Stage) -> Doing:
    api, session_id = stage.alice.api, a_conversation(stage.bob)
    _say(stage.bob, session_id)
    return lambda: api.post(f"/chat/sessions/{session_id}/stop")


@act("POST /api/chat/sessions/<session_id>/turns/<turn_id>/regenerate", leaves=AGAIN, answers=202)
def ask_the_same_again(stage: Stage) -> Doing:
    api, (session_id, turn_id) = stage.alice.api, _answered(stage)
    return lambda: api.post(f"/chat/sessions/{session_id}/turns/{turn_id}/regenerate")


@act(
    "POST /api/chat/sessions/<session_id>/turns/<turn_id>/regenerate",
    leaves=(Left("proposal.withdrawn", APPROVAL), AGAIN),
    answers=202,
)
def ask_again_where_something_waits(stage: Stage) -> Doing:
    api, (session_id, turn_id) = stage.alice.api, _answered(stage)
    about = {
        "turn_id": turn_id,
        "tool_call_id": "c1",
        "summary": "Write a note",
        "arguments": {"session_id": str(session_id), "text": "hello"},
    }
    with stage.bob.acting() as actor:
        proposing.propose(actor, session_id=session_id, tool_name=probes.PLAIN.tool_name, **about)
    return lambda: api.post(f"/chat/sessions/{session_id}/turns/{turn_id}/regenerate")


@act("POST /api/chat/sessions/<session_id>/turns/<turn_id>/edit", leaves=REWORDED, answers=202)
def ask_in_other_words(stage: Stage) -> Doing:
    api, (session_id, turn_id) = stage.alice.api, _answered(stage)
    return lambda: api.post(
        f"/chat/sessions/{session_id}/turns/{turn_id}/edit", json={"message": "trial balance"}
    )


@act(
    "POST /assistant/<session_id>/turns/<turn_id>/regenerate",
    leaves=in_the_browser(AGAIN),
    answers=303,
)
def ask_the_same_again_in_the_browser(stage: Stage) -> Doing:
    browser, (session_id, turn_id) = stage.alice.browser, _answered(stage)
    return lambda: stage.submit(
        browser,
        f"/assistant/{session_id}/turns/{turn_id}/regenerate",
        token_from=f"/assistant/{session_id}",
    )


@act(
    "POST /assistant/<session_id>/turns/<turn_id>/edit",
    leaves=in_the_browser(REWORDED),
    answers=303,
)
def ask_in_other_words_in_the_browser(stage: Stage) -> Doing:
    browser, (session_id, turn_id) = stage.alice.browser, _answered(stage)
    return lambda: stage.submit(
        browser,
        f"/assistant/{session_id}/turns/{turn_id}/edit",
        token_from=f"/assistant/{session_id}",
        message="trial balance",
    )


@act("PATCH /api/chat/sessions/<session_id>", leaves=RENAMED, answers=200)
def rename_a_conversation(stage: Stage) -> Doing:
    api, session_id = stage.alice.api, a_conversation(stage.bob)
    return lambda: api.patch(f"/chat/sessions/{session_id}", json={"title": "Dubai"})


@act("POST /assistant/<session_id>/rename", leaves=in_the_browser(RENAMED), answers=303)
def rename_a_conversation_in_the_browser(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, a_conversation(stage.bob)
    return lambda: stage.submit(
        browser,
        f"/assistant/{session_id}/rename",
        token_from=f"/assistant/{session_id}",
        title="Dubai",
    )


@act("DELETE /api/chat/sessions/<session_id>", leaves=DELETED, answers=204)
def delete_a_conversation(stage: Stage) -> Doing:
    api, session_id = stage.alice.api, a_conversation(stage.bob)
    return lambda: api.delete(f"/chat/sessions/{session_id}")


@act("POST /assistant/<session_id>/delete", leaves=in_the_browser(DELETED), answers=303)
def delete_a_conversation_in_the_browser(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, a_conversation(stage.bob)
    return lambda: stage.submit(
        browser, f"/assistant/{session_id}/delete", token_from=f"/assistant/{session_id}"
    )


@act(
    "POST /assistant/<session_id>/restore",
    leaves=in_the_browser(Left("chat.restored", SESSION)),
    answers=303,
)
def take_a_deletion_back(stage: Stage) -> Doing:
    browser, session_id = stage.alice.browser, a_conversation(stage.bob)
    stage.bob.does(chat.delete, session_id)
    return lambda: stage.submit(browser, f"/assistant/{session_id}/restore")


@act("chat.wipe", leaves=Left("chat.wiped", SESSION, **PROGRAM))
def wipe_a_conversation(stage: Stage) -> Doing:
    stage.bob.does(chat.delete, a_conversation(stage.bob))
    arguments = stage.queued(chat_tasks.wipe.name)
    return lambda: stage.run(chat_tasks.wipe, **arguments)


@act(
    "assistant.run_turn",
    leaves=Left("enquiry.created", ENQUIRY, **HERS),
    beside=TURN,
    tells_of_failure=True,
)
def have_the_assistant_log_an_enquiry(stage: Stage) -> Doing:
    return _confirming(stage, LEAD)


@act(
    "assistant.run_turn",
    leaves=Left("proposal.made", APPROVAL, **HERS),
    beside=TURN,
    tells_of_failure=True,
)
def have_the_assistant_propose(stage: Stage) -> Doing:
    return _confirming(stage, INVOICE)


@act(
    "assistant.run_turn",
    leaves=Left("create_enquiry", SESSION, status="rejected", error="forbidden_role", **HERS),
    beside=TURN,
    tells_of_failure=True,
)
def have_the_assistant_do_what_one_may_not_any_more(stage: Stage) -> Doing:
    doing = _confirming(stage, LEAD)
    stage.sql("update users set role = 'viewer' where id = :u", u=stage.alice.actor.user_id)
    return doing


def _confirming(stage: Stage, message: str) -> Doing:
    """Return the turn in which Alice confirms her card."""
    session_id, _card = _shown_a_card(stage, stage.alice, message)
    return _turn(stage, stage.alice, session_id, "yes")


def _turn(stage: Stage, person: Person, session_id: UUID, message: str) -> Doing:
    _say(person, session_id, message)
    arguments = stage.queued(run_turn.name)
    return lambda: stage.run(run_turn, **arguments)


# Proposals
# --------------------------------------------------------------------------------

GRANTED = Left(
    "approval.granted", APPROVAL, by="leila", says={"tool_name": "probe_note", "reason": None}
)
NEW_PARTY = Left("party.created", ("party_id",))
CONTINUED = Left("chat.continued", SESSION, by="bob", via="assistant")
REJECTED = (
    Left(
        "approval.rejected",
        APPROVAL,
        by="leila",
        says={"tool_name": "probe_note", "reason": "Wrong day"},
    ),
    CONTINUED,
)
EXPIRED = Left("proposal.expired", APPROVAL, says={"tool_name": "probe_note"}, **PROGRAM)


def proposed(person: Person, tool: str = probes.PLAIN.tool_name, **given: Any) -> str:
    """Create a proposal of a user in its own conversation."""
    session_id = a_conversation(person)
    arguments = given or {"session_id": str(session_id), "text": "hello"}
    about = {
        "turn_id": "t-0123456789ab",
        "tool_call_id": "c1",
        "summary": "Write a note",
        "arguments": arguments,
    }
    with person.acting() as actor:
        return proposing.propose(actor, session_id=session_id, tool_name=tool, **about).id


def _run_out(stage: Stage) -> str:
    approval_id = proposed(stage.bob)
    stage.sql(
        "update approvals set expires_at = now() - interval '1 millisecond' where id = :i",
        i=approval_id,
    )
    return approval_id


@act("POST /api/approvals/<approval_id>/resolve", leaves=GRANTED, answers=200)
def grant(stage: Stage) -> Doing:
    api, approval_id = stage.leila.api, proposed(stage.bob)
    return lambda: api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})


@act("POST /api/approvals/<approval_id>/resolve", leaves=REJECTED, answers=200)
def reject(stage: Stage) -> Doing:
    api, approval_id = stage.leila.api, proposed(stage.bob)
    return lambda: api.post(
        f"/approvals/{approval_id}/resolve", json={"granted": False, "reason": "Wrong day"}
    )


@act("POST /approvals/<approval_id>/decide", leaves=in_the_browser(GRANTED), answers=303)
def grant_in_the_browser(stage: Stage) -> Doing:
    browser, approval_id = stage.leila.browser, proposed(stage.bob)
    return lambda: stage.submit(
        browser,
        f"/approvals/{approval_id}/decide",
        token_from=f"/approvals/{approval_id}",
        granted="true",
    )


@act(
    "POST /approvals/<approval_id>/decide",
    leaves=(*in_the_browser(REJECTED[0]), CONTINUED),
    answers=303,
)
def reject_in_the_browser(stage: Stage) -> Doing:
    browser, approval_id = stage.leila.browser, proposed(stage.bob)
    fields = {"granted": "false", "reason": "Wrong day"}
    return lambda: stage.submit(
        browser,
        f"/approvals/{approval_id}/decide",
        token_from=f"/approvals/{approval_id}",
        **fields,
    )


@act("POST /api/chat/sessions/<session_id>/messages", leaves=GRANTED, answers=200)
def grant_in_the_conversation(stage: Stage) -> Doing:
    api, approval_id = stage.leila.api, proposed(stage.bob)
    session_id = stage.sql("select session_id from approvals where id = :i", i=approval_id)[0][
        "session_id"
    ]

    def say() -> Any:
        answer = api.post(
            f"/chat/sessions/{session_id}/messages", json={"approvals": {approval_id: True}}
        )
        answer.close()
        return answer

    return say


@act("POST /api/approvals/<approval_id>/resolve", leaves=EXPIRED, answers=409)
def decide_too_late(stage: Stage) -> Doing:
    api, approval_id = stage.leila.api, _run_out(stage)
    return lambda: api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})


def _moved(stage: Stage) -> str:
    """Return a proposal that is outdated by a later invoice to its customer."""
    approval_id = proposed(
        stage.bob, "issue_invoice", invoice_id=str(papers.draft(stage.bob, papers.line("100.00")))
    )
    papers.issued(stage.alice)
    return approval_id


@act(
    "POST /api/approvals/<approval_id>/resolve",
    leaves=(
        Left("proposal.superseded", APPROVAL, by="leila", says={"tool_name": "issue_invoice"}),
        Left(
            "proposal.made",
            APPROVAL,
            by="bob",
            via="assistant",
            says={"tool_name": "issue_invoice"},
        ),
        CONTINUED,
    ),
    answers=409,
)
def grant_what_is_no_longer_true(stage: Stage) -> Doing:
    api, approval_id = stage.leila.api, _moved(stage)
    return lambda: api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})


EDITED = Left("proposal.edited", APPROVAL, by="leila", says={"tool_name": "probe_invoice"})
EDIT = {"text": "hello again"}


def _editable(stage: Stage) -> tuple[str, dict[str, str]]:
    """Return an editable proposal and other arguments for it."""
    approval_id = proposed(stage.bob, probes.MONEY.tool_name)
    return (
        approval_id,
        stage.sql("select payload from approvals where id = :i", i=approval_id)[0]["payload"]
        | EDIT,
    )


@act("POST /api/approvals/<approval_id>/edit", leaves=EDITED, answers=200)
def edit_a_proposal(stage: Stage) -> Doing:
    api, (approval_id, arguments) = stage.leila.api, _editable(stage)
    return lambda: api.post(f"/approvals/{approval_id}/edit", json={"arguments": arguments})


@act("POST /approvals/<approval_id>/edit", leaves=in_the_browser(EDITED), answers=303)
def edit_a_proposal_in_the_browser(stage: Stage) -> Doing:
    browser, (approval_id, _arguments) = stage.leila.browser, _editable(stage)
    fields = {f"a.{name}": value for name, value in EDIT.items()}
    return lambda: stage.submit(
        browser,
        f"/approvals/{approval_id}/edit",
        token_from=f"/approvals/{approval_id}?step=edit",
        **fields,
    )


@act("POST /approvals/several", leaves=in_the_browser(GRANTED), answers=200, in_savepoints=True)
def decide_several_in_the_browser(stage: Stage) -> Doing:
    browser, approval_id = stage.leila.browser, proposed(stage.bob)
    return lambda: stage.submit(
        browser,
        "/approvals/several",
        token_from=f"/approvals/several?chosen={approval_id}",
        chosen=approval_id,
        granted="1",
    )


@act("POST /api/approvals/resolve", leaves=(GRANTED, *REJECTED), answers=200, in_savepoints=True)
def decide_several(stage: Stage) -> Doing:
    api, first, second = stage.leila.api, proposed(stage.bob), proposed(stage.bob)
    decisions = [
        {"approval_id": first, "granted": True},
        {"approval_id": second, "granted": False, "reason": "Wrong day"},
    ]
    return lambda: api.post("/approvals/resolve", json={"decisions": decisions})


@act(
    "approvals.housekeeping", leaves=EXPIRED, beside=("procrastinate_jobs",)
)  # it has lost effects of other agencies tried again as well
def let_a_proposal_run_out(stage: Stage) -> Doing:
    doing = partial(stage.run, approvals_tasks.housekeeping, timestamp=0)
    doing()  # what other tests left to run out does so before
    _run_out(stage)
    return doing


def _granted(stage: Stage, tool: str = probes.PLAIN.tool_name, **given: Any) -> Doing:
    approval_id = proposed(stage.bob, tool, **given)
    stage.leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    arguments = stage.queued(approvals_tasks.run_effect.name)
    return lambda: stage.run(approvals_tasks.run_effect, **arguments)


def _effect(tool: str, **more: Any) -> Left:
    return Left(tool, APPROVAL, by="bob", via="assistant", approved_by="leila", **more)


@act("approvals.run_effect", leaves=(_effect("probe_note"), CONTINUED))
def carry_a_grant_out(stage: Stage) -> Doing:
    return _granted(stage)


@act(
    "approvals.run_effect",
    leaves=(_effect("probe_refuses", status="failed", error="period_closed"), CONTINUED),
)
def fail_at_a_grant(stage: Stage) -> Doing:
    return _granted(stage, "probe_refuses")


@act(
    "approvals.run_effect",
    leaves=(_effect("probe_crashes", status="failed", error="internal_error"), CONTINUED),
)
def break_at_a_grant(stage: Stage) -> Doing:
    return _granted(stage, "probe_crashes")


@act(
    "approvals.run_effect",
    leaves=(
        replace(NEW_PARTY, by="bob", via="assistant"),
        Left("invoice.drafted", ("invoice_id",), by="bob", via="assistant"),
        _effect(draft_invoice.CAPABILITY.name),
        CONTINUED,
    ),
)
def draft_an_invoice_by_a_grant(stage: Stage) -> Doing:
    item = {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00", "currency": "INR"}
    given = {
        "customer_name": "Deepa Krishnan",
        "issue_date": "2026-06-10",
        "due_date": "2026-06-25",
        "line_items": [item],
    }
    return _granted(stage, draft_invoice.CAPABILITY.name, **given)


POSTED = Left("journal.posted", ("journal_entry_id", "source_type", "source_id"))
ISSUED = Left("invoice.issued", ("invoice_id", "journal_entry_id"))


@act(
    "approvals.run_effect",
    leaves=(
        *(replace(left, by="bob", via="assistant") for left in (POSTED, ISSUED)),
        _effect(issue_invoice.CAPABILITY.name),
        CONTINUED,
    ),
)
def issue_an_invoice_by_a_grant(stage: Stage) -> Doing:
    return _granted(stage, issue_invoice.CAPABILITY.name, invoice_id=str(papers.draft(stage.alice)))


# Services of the books, called directly
# -----------------------------------------------------------


@act(leaves=POSTED)
def post_to_the_books(stage: Stage) -> Doing:
    person, source_id = stage.alice, stage.alice.actor.tenant_id
    return lambda: books.post(person, source_id=source_id)


@act(leaves=Left("journal.reversed", ("journal_entry_id", "source_type", "source_id")))
def reverse_an_entry(stage: Stage) -> Doing:
    person, entry_id = stage.alice, books.post(stage.alice).entry_id
    return lambda: person.does(entries.reverse, entry_id, reason="Posted twice")


@act(
    leaves=(
        Left("journal.reversed", ("journal_entry_id", "source_type", "source_id")),
        Left("bill.voided", ("bill_id", "journal_entry_id")),
    )
)
def make_a_bill_void(stage: Stage) -> Doing:
    person, bill_id = stage.alice, papers.receive(stage.alice)
    return lambda: person.does(bill_service.void_bill, bill_id, reason="Entered twice")


@act(leaves=(NEW_PARTY, Left("invoice.drafted", ("invoice_id",))))
def draft_an_invoice(stage: Stage) -> Doing:
    person = stage.alice
    return lambda: papers.draft(person)


@act(leaves=(POSTED, ISSUED))
def issue_an_invoice(stage: Stage) -> Doing:
    person, invoice_id = stage.alice, papers.draft(stage.alice)
    return lambda: papers.issue(person, invoice_id)


@act(
    leaves=(
        POSTED,
        Left("payment.received", ("invoice_id", "payment_id"), says={"amount": "100.00"}),
    )
)
def note_a_receipt(stage: Stage) -> Doing:
    person, invoice_id = stage.alice, papers.issued(stage.alice)
    return lambda: papers.pay(person, invoice_id, 10_000)


@act(leaves=(NEW_PARTY, POSTED, Left("bill.received", ("bill_id", "journal_entry_id"))))
def receive_a_bill(stage: Stage) -> Doing:
    person = stage.alice
    return lambda: papers.receive(person)


@act(leaves=(POSTED, Left("payment.made", ("bill_id", "payment_id"))))
def pay_a_bill(stage: Stage) -> Doing:
    person, bill_id = stage.alice, papers.receive(stage.alice)
    return lambda: person.does(
        lambda actor: (
            payment_service.pay_bill(actor, bill_id, Money(10_000, "INR"), date(2024, 6, 25)).id
        )
    )


# The audit itself
# --------------------------------------------------------------------------------

EXPORTED = Left("audit.exported", says={"format": "csv"})


@act("GET /api/audit/export.csv", leaves=EXPORTED, answers=200)
def export_the_audit(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.get("/audit/export.csv")


@act("GET /audit/export.csv", leaves=in_the_browser(EXPORTED), answers=200)
def export_the_audit_in_the_browser(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: browser.get("/audit/export.csv")


@act(
    "POST /audit/check",
    leaves=in_the_browser(Left("audit.check_asked", ("check_id",))),
    answers=303,
)
def ask_whether_the_chain_holds(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/audit/check")


@act(
    "audit export", leaves=Left("audit.exported", says={"format": "archive"}, **PROGRAM), answers=0
)
def export_the_audit_as_an_archive(stage: Stage) -> Doing:
    tenant_id, file = stage.alice.actor.tenant_id, stage.folder / "audit.zip"
    return lambda: stage.flask("audit", "export", "--agency", tenant_id, file)


# Reports and lists as files
# --------------------------------------------------------------------------------

IN_MAY = "from=2026-05-01&to=2026-05-31"


def downloaded(file: str, **filters: str) -> Left:
    return Left("data.exported", says={"file": file, "filters": filters})


@act(
    "GET /api/reports/day-book.csv",
    leaves=downloaded(
        "voyagent-day-book-2026-05-31.csv", **{"from": "2026-05-01", "to": "2026-05-31"}
    ),
    answers=200,
)
def export_a_report_of_any_length(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.get(f"/reports/day-book.csv?{IN_MAY}")


@act(
    "GET /api/reports/trial-balance.xlsx",
    leaves=downloaded("voyagent-trial-balance-2026-05-31.xlsx", as_of="2026-05-31"),
    answers=200,
)
def export_a_report_as_a_workbook(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.get("/reports/trial-balance.xlsx?as_of=2026-05-31")


@act(
    "GET /reports/trial-balance",
    leaves=in_the_browser(downloaded("voyagent-trial-balance-2026-05-31.pdf", as_of="2026-05-31")),
    answers=200,
)
def export_a_report_on_paper(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: browser.get("/reports/trial-balance?as_of=2026-05-31&format=pdf")


@act(
    "GET /reports/day-book",
    leaves=in_the_browser(
        downloaded(
            "voyagent-tally-INR-2026-05-31.xml",
            currency="INR",
            **{"from": "2026-05-01", "to": "2026-05-31"},
        )
    ),
    answers=200,
)
def export_vouchers(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: browser.get(f"/reports/day-book?{IN_MAY}&currency=INR&format=tally")


@act(
    "GET /invoices",
    leaves=in_the_browser(Left("data.exported", says={"filters": {"status": "issued"}})),
    answers=200,
)
def export_a_list(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: browser.get("/invoices?status=issued&format=xlsx")


@act(
    "books export",
    leaves=Left(
        "data.exported",
        says={"file": "books.beancount", "filters": {"format": "beancount"}},
        **PROGRAM,
    ),
    answers=0,
)
def export_the_books_for_another_program(stage: Stage) -> Doing:
    tenant_id, file = stage.alice.actor.tenant_id, stage.folder / "books.beancount"
    return lambda: stage.flask(
        "books", "export", "--agency", tenant_id, "--format", "beancount", file
    )


@act(
    "books rebuild",
    leaves=Left(
        "books.rebuilt",
        says={"table": "enquiry_counts", "differences": 1},
        **PROGRAM,
    ),
    answers=0,
)
def rebuild_the_stored_sums(stage: Stage) -> Doing:
    tenant_id = stage.alice.actor.tenant_id
    stage.sql(
        "insert into enquiry_counts (tenant_id, status, n) values (:t, 'new', 1)", t=tenant_id
    )
    return lambda: stage.flask("books", "rebuild", "--agency", tenant_id)
