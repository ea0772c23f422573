"""Check if the name on a requested document is new, for its approver."""

from __future__ import annotations

from flask_babel import gettext

from voyagent.approvals.service.effects import CheckShown
from voyagent.billing.core.queries import names as namesakes
from voyagent.billing.core.queries.names import Side
from voyagent.kernel.database.read_pool import Reader


def check_name(reader: Reader, name: str, side: Side) -> list[CheckShown]:
    """Return a failed check for an unknown name that is similar to known names.

    For any other name the list is empty.
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
