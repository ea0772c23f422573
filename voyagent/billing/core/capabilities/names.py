"""What a reviewer is told of the name on a document that is asked for: that nobody bears it yet,
and whose comes near it.
"""

from __future__ import annotations

from flask_babel import gettext

from voyagent.approvals.service.effects import CheckShown
from voyagent.billing.core.queries import names as namesakes
from voyagent.billing.core.queries.names import Side
from voyagent.kernel.database.read_pool import Reader


def check_name(reader: Reader, name: str, side: Side) -> list[CheckShown]:
    """A check that fails for a name that nobody bears and that may be a slip for somebody's; none
    for all other names.

    It is no part of what a decision is held to: whoever becomes known meanwhile does not make the
    request another one.
    """
    found = namesakes.read_namesakes(reader, name, side)
    if not found.is_doubtful:
        return []
    near = ", ".join(found.near)
    words = (
        gettext("New customer. Similar names: %(near)s", near=near)
        if side == "customer"
        else gettext("New supplier. Similar names: %(near)s", near=near)
    )
    return [CheckShown(ok=False, text=words)]
