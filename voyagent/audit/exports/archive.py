"""The archive of an agency's audit log, with verifier and instructions."""

from __future__ import annotations

import json
import zipfile
from itertools import islice
from pathlib import Path
from uuid import UUID

from voyagent.audit.queries.chain import snapshot
from voyagent.audit.rules import verifier
from voyagent.audit.rules.verifier import (
    ARCHIVE,
    EVENTS,
    EXPORTED,
    HEAD,
    KEYS,
    PROGRAM,
    README,
    STATEMENTS,
    Head,
)
from voyagent.audit.service import recording
from voyagent.audit.service.statements import Anchors
from voyagent.kernel import clock
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import transaction
from voyagent.kernel.fields import wire_instant

_ABOUT = """\
Audit of agency {tenant_id}
Exported {exported_at}: {seq} events

events.jsonl      one event a line, the oldest first; hashed fields are the text that was hashed
head.json         the number and the hash of the last event
statements.jsonl  the heads that the installation has signed, the oldest first
keys.json         the public keys (Ed25519) of these signatures
verify.py         checks all of them; it needs Python 3.9 or newer and nothing else

To check this archive, unpack it and run

    python3 verify.py

or leave it packed and run the verify.py of an archive that you trust:

    python3 verify.py audit.zip

It prints OK and exits with 0, or it names the first event that is missing or changed and exits
with 1. The last event is that of this export, so an archive whose end was cut off does not pass.
If it exits with 3, the events are whole, but no head was signed in the 48 hours before the export.
An archive that was cut off at an earlier export and given a new head is consistent in itself. To
find that, compare it with a head of this agency that you noted before:

    python3 verify.py --head NUMBER:HASH

Somebody who controls the database can compute a whole chain again, but cannot sign it. Compare the
chain with statements that you received by mail, and the key with the one that you noted before:

    python3 verify.py --statement voyagent-audit-statement-12.json --key KEY

KEY is the public key, or its id: the first 32 digits of the SHA-256 of the public key.

The hash of an event is the SHA-256 over the 32 bytes of the hash of the event before it (for the
first event, the SHA-256 of nothing), then for each field in the order of a line, up to
recorded_at: the length of its text in bytes of UTF-8, a colon, and the text; or one hyphen if the
field is null. A statement is canonical JSON: sorted members, no spaces. Its signature covers the
statement without the member "signature". "previous" is the SHA-256 of the line of the statement
before it.
"""


def write(tenant_id: UUID, path: Path, anchors: Anchors) -> Head:
    """Write the archive of an agency to `path` and return the head of its chain.

    The export is recorded as the last event in the archive. Raises OSError.
    """
    # Read before the event of the export, because the archive ends with that event: every signed
    # head must be of an earlier one.
    signed = anchors.folder.read(tenant_id)
    with transaction(tenant_id):
        recording.record(system_actor(tenant_id), EXPORTED, inputs={"format": ARCHIVE})
    unfinished = path.with_name(path.name + ".part")
    try:
        with (
            snapshot(tenant_id) as chain,
            zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            head = chain.archived or Head(0, verifier.GENESIS)
            with archive.open(EVENTS, "w", force_zip64=True) as events:
                for line in islice(chain.lines, head.seq):
                    events.write(line + b"\n")
            archive.writestr(HEAD, verifier.head_document(str(tenant_id), head))
            archive.writestr(STATEMENTS, b"".join(line + b"\n" for line in signed))
            archive.writestr(KEYS, _keys(anchors))
            archive.writestr(PROGRAM, Path(verifier.__file__).read_bytes())
            archive.writestr(
                README,
                _ABOUT.format(
                    tenant_id=tenant_id, exported_at=wire_instant(clock.now()), seq=head.seq
                ),
            )
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return head


def _keys(anchors: Anchors) -> str:
    return json.dumps([key.hex() for key in anchors.public_keys.values()], indent=1) + "\n"
