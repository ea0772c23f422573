"""Typesets documents with Typst, also as a child process of the program.

As a child process this file is run as a program, with a socket to its parent. It imports nothing
else of the program, so it starts within 0.1 s. `processes.py` is the side of the parent.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any, Literal, TypedDict

DOCUMENTS_MAX = 100
"""Documents after which a process ends, because Typst keeps parts of earlier documents."""
KEPT_BYTES_MAX = 256 * 1024 * 1024
"""Resident memory above which a process ends after a document."""
Outcome = Literal["made", "refused", "panicked"]


class Order(TypedDict):
    """A document to be typeset.

    `source` is the path of the template in the folder `root`. `fonts` are folders with fonts. The
    template gets `inputs`. `timestamp` is the date of the document in seconds of Unix time.
    `options` are further arguments of `typst.compile`.
    """

    source: str
    root: str
    fonts: list[str]
    inputs: dict[str, str]
    format: Literal["pdf", "png"]
    timestamp: int
    options: dict[str, Any]


class Reply(TypedDict):
    """The result of an order, which is sent before the files of the document.

    `files` is the number of files. `reason` is Typst's message if no document was made. If `ends`
    is true, the process takes no further orders.
    """

    outcome: Outcome
    reason: str
    files: int
    ends: bool


def typeset(order: Order) -> tuple[Outcome, str, list[bytes]]:
    """Return the outcome, the message of Typst if there is no document, and the files.

    The outcome is `made`, `refused` (Typst found an error in the document) or `panicked` (Typst
    itself failed). A PDF is one file. Of a document in PNG, each page is a file.

    Raises MemoryError.
    """
    import typst  # noqa: PLC0415 - 80 MB, which few processes need

    try:
        made = typst.compile(
            order["source"],
            root=order["root"],
            font_paths=_fonts(tuple(order["fonts"])),
            sys_inputs=order["inputs"],
            format=order["format"],
            timestamp=order["timestamp"],
            **order["options"],
        )
    except typst.TypstError as error:
        return "refused", str(error), []
    except BaseException as error:
        # A panic of Typst is no Exception, so it would end the process. Its class has no module
        # from which it could be imported.
        if type(error).__name__ != "PanicException":
            raise
        return "panicked", str(error), []
    return "made", "", made if isinstance(made, list) else [made]


@cache
def _fonts(folders: tuple[str, ...]) -> Any:
    import typst  # noqa: PLC0415

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders)
    )


def serve(connection: Connection, memory_max: int, cpu_max_s: int) -> None:
    """Typeset the parent's documents until the parent closes the connection or ends.

    `memory_max` limits the address space of this process, in bytes, and `cpu_max_s` the processor
    time of each document, in seconds. The system ends a process that needs more.
    """
    # A service manager sends these signals to all processes. The parent then still answers requests
    # and needs this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_max, memory_max))
    # An image of this process would contain texts of customers.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        # If the computer runs out of memory, this process ends before its parent.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    Thread(target=_end_with_parent, args=(connection.fileno(),), daemon=True).start()
    documents = 0
    with suppress(EOFError):
        while True:
            order: Order = json.loads(connection.recv_bytes())
            used_s = math.ceil(time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (used_s + cpu_max_s, resource.RLIM_INFINITY))
            outcome, reason, files = typeset(order)
            documents += 1
            reply: Reply = {
                "outcome": outcome,
                "reason": reason,
                "files": len(files),
                "ends": documents >= DOCUMENTS_MAX or _resident_bytes() > KEPT_BYTES_MAX,
            }
            connection.send_bytes(json.dumps(reply).encode())
            for file in files:
                connection.send_bytes(file)


def _end_with_parent(descriptor: int) -> None:
    """End this process when the parent closes its socket, even during a document."""
    hang_up = select.poll()
    hang_up.register(descriptor, 0)
    hang_up.poll()
    os._exit(0)


def _resident_bytes() -> int:
    """Return the resident memory of this process in bytes; 0 if it is unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3]))
