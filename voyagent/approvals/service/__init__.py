"""Proposing, editing, deciding, carrying out: only a stored proposal can be granted, one decision
wins, and its effect happens once.
"""

from voyagent.approvals import effects, queries
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service.carrying import (
    EFFECT_TASK,
    carry_out,
    end_about,
    expire_overdue,
    hide,
    may_wipe,
    prepare,
    replace,
    resume_effects,
    show,
)
from voyagent.approvals.service.deciding import (
    BATCH_MAX,
    Answered,
    Wish,
    check_all,
    decide_all,
    resolve,
    resolve_all,
    resolve_each,
)
from voyagent.approvals.service.errors import (
    ApprovalAlreadyResolved,
    ApprovalOverdue,
    ArgumentsChanged,
    ArgumentsInvalid,
    EditRefused,
    NotEditable,
    PreviewStale,
    RequesterGone,
    SelfApproval,
    ShownChanged,
    ToolUnknown,
    WouldBeRefused,
)
from voyagent.approvals.service.limits import (
    above_limit,
    amount_of,
    may_decide,
    may_edit,
    needs_another,
    who_else_may_grant,
    who_may_grant,
)
from voyagent.approvals.service.proposing import edit, on_asked_anew, propose
from voyagent.approvals.service.showing import arguments_of, preview
from voyagent.settings.limits import AmountAboveLimit, check_limit

__all__ = [
    "BATCH_MAX",
    "EFFECT_TASK",
    "AmountAboveLimit",
    "Answered",
    "ApprovalAlreadyResolved",
    "ApprovalNotFound",
    "ApprovalOverdue",
    "ArgumentsChanged",
    "ArgumentsInvalid",
    "EditRefused",
    "NotEditable",
    "PreviewStale",
    "RequesterGone",
    "SelfApproval",
    "ShownChanged",
    "ToolUnknown",
    "Wish",
    "WouldBeRefused",
    "above_limit",
    "amount_of",
    "arguments_of",
    "carry_out",
    "check_all",
    "check_limit",
    "decide_all",
    "edit",
    "effects",
    "end_about",
    "expire_overdue",
    "hide",
    "may_decide",
    "may_edit",
    "may_wipe",
    "needs_another",
    "on_asked_anew",
    "prepare",
    "preview",
    "propose",
    "queries",
    "replace",
    "resolve",
    "resolve_all",
    "resolve_each",
    "resume_effects",
    "show",
    "who_else_may_grant",
    "who_may_grant",
]
