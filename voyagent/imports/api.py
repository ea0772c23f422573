"""The JSON door of imports: look at a file, or take it."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.imports import service
from voyagent.imports.schemas import ImportIn, ImportOut, wire
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row

api = ApiBlueprint("imports", __name__, tag="Imports", guard=Guard.BEARER)
FILE_ERRORS = (
    service.FileUnreadable,
    service.FileTooLarge,
    service.FileEmpty,
    service.DayNeeded,
    service.ImportHasFindings,
)


@api.post("/imports", answer=ImportOut, permission="import.run", errors=FILE_ERRORS)
def import_file(actor: Actor, body: ImportIn) -> Row:
    """Look at a file (`dry_run`, as is the default) or take it, whole or not at all.

    A dry run names each place where something is wrong and writes nothing; a file in which
    something is wrong is not taken. A file that was taken is not taken again, whatever key it comes
    with.
    """
    act = service.look if body.dry_run else service.run
    return wire(act(actor, body.kind, body.content, body.effective_on))
