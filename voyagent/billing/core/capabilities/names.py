"""Warning about a new customer or supplier name that resembles a known name."""

from __future__ import annotations

from flask_babel import gettext

from voyagent.approvals.service.effects import CheckShown
from voyagent.billing.core.queries import names as namesakes
from voyagent.billing.core.queries.names import Side
from voyagent.kernel.database.read_pool import Reader


def check_name(reader: Reader, name: str, side: Side) -> list[CheckShown]:
    """Return a warning if a name is unknown and similar to the name of a known party.

    In all other cases the list is empty.
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
