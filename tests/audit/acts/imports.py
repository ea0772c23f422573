"""Taking a file: what each row does, and that the file was taken."""

from __future__ import annotations

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage

FILE = "name,is_customer\nDeepa Krishnan,yes\n"
LEFT = (Left("party.created", ("party_id",)), Left("import.done", ("import_id",), says={"kind": "parties", "rows": 1}))


@act("POST /api/imports", leaves=LEFT, answers=200, in_savepoints=True)
def import_a_file_over_the_api(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.post("/imports", json={"kind": "parties", "content": FILE, "dry_run": False})


@act("POST /import", leaves=in_the_browser(*LEFT), answers=303, in_savepoints=True)
def import_a_file_on_its_page(stage: Stage) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, "/import", token_from="/team", kind="parties", content=FILE, then="run")
