"""Whose name a message is about, for what is known of that name to be read before the turn begins."""

from __future__ import annotations

from voyagent.assistant.moves import Call, Context
from voyagent.assistant.planner import names, questions
from voyagent.assistant.planner.builtin import COMMAND_MAX, understand
from voyagent.kernel.text.passages import condense
from voyagent.kernel.text.people import as_name


def about_whom(message: str, context: Context) -> list[tuple[str, names.Side]]:
    """The name, on each side of the books where it may stand; the balance of what is no account by
    its name may be a customer's or a supplier's.
    """
    move = understand(message, context)
    if isinstance(move, Call) and move.tool == "list_ledger_accounts":
        wanted = questions.account_wanted(condense(message, COMMAND_MAX), context.today)
        name = as_name(wanted[0]) if wanted is not None else None
        return [(name, "customer"), (name, "supplier")] if name is not None and " " in name else []
    about = names.meant(move)
    return [about] if about is not None else []
