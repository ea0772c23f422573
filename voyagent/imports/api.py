"""JSON API of imports: check a file, or import it."""

from __future__ import annotations

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard
from voyagent.imports.schemas import ImportIn, ImportOut
from voyagent.imports.service import files
from voyagent.kernel.actor import Actor
from voyagent.kernel.serializers import Body

api = ApiBlueprint("imports", __name__, tag="Imports", guard=Guard.BEARER)
FILE_ERRORS = (
    files.FileUnreadable,
    files.FileTooLarge,
    files.FileEmpty,
    files.DayNeeded,
    files.ImportHasFindings,
    files.ImportsBusy,
)


@api.post("/imports", answer=ImportOut, permission="import.run", errors=FILE_ERRORS)
def import_file(actor: Actor, body: ImportIn) -> Body[ImportOut]:
    """Check a file (`dry_run`, the default) or import it completely.

    A dry run returns the errors and stores nothing. If a file has errors, nothing of it is
    imported. A file that was imported before is not imported again, even under another idempotency
    key.
    """
    act = files.dry_run if body.dry_run else files.run
    return ImportOut.of(act(actor, body.kind, body.content, body.effective_on))
