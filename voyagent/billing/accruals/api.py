"""JSON API of services that are not billed or not invoiced when a month is closed."""

from __future__ import annotations

from voyagent.billing.accruals import queries
from voyagent.billing.accruals.schemas import OpenServicesOut
from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.serializers import Body
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.rules import parse_month

api = ApiBlueprint("accruals", __name__, tag="Books", guard=Guard.BEARER)


@api.get(
    "/months/<month>/open-services",
    answer=OpenServicesOut,
    permission="ledger.read",
    missing=MonthNotFound,
)
def list_open_services(reader: Reader, month: str) -> Body[OpenServicesOut]:
    """List given services that are not billed or not invoiced at a month's end.

    Read the list before you close the month. It does not stop the closing.
    """
    return OpenServicesOut.of(queries.read_open_services(reader, parse_month(month)))
