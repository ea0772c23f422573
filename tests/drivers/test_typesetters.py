"""Documents are typeset in child processes with limits of memory and time."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.billing.papers import draft, line
from tests.people import Person
from voyagent.drivers.paper import Paper, processes, typesetter
from voyagent.drivers.paper.processes import DocumentTooLarge, Typesetters
from voyagent.kernel.database.copy_export import ExportsBusy
from voyagent.kernel.sheets import in_worker

_MIB = 1024 * 1024
TEMPLATES = {
    "page.typ": "#set document(title: sys.inputs.data)\n#sys.inputs.data",
    "large.typ": """
        #set document(title: sys.inputs.data)
        #let kept = range(json(bytes(sys.inputs.data)).rounds)
        #kept.len()
    """,
    "slow.typ": """
        #set document(title: sys.inputs.data)
        #let count = 0
        #for outer in range(calc.quo(json(bytes(sys.inputs.data)).rounds, 1000)) {
          for inner in range(1000) { count += calc.rem(inner, 7) }
        }
        #count
    """,
    "long.typ": """
        #let data = json(bytes(sys.inputs.data))
        #set document(title: data.title)
        #for line in range(1000) [#data.title #line #parbreak()]
    """,
}
ENDLESS = {"rounds": 100_000_000}
PARENT = """
import os, sys, threading, time
from pathlib import Path
from voyagent.drivers.paper import Paper, processes

paper = Paper(Path(sys.argv[1]))
paper.png("page.typ", {})
if sys.argv[2] == "fork":
    child = os.fork()
    if not child:
        assert processes.shared.pids() == []
        paper.png("page.typ", {})
        os._exit(0 if len(processes.shared.pids()) == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    paper.png("page.typ", {})
if sys.argv[2] == "slow":
    slow = lambda: paper.png("slow.typ", {"rounds": 10_000_000})
    threading.Thread(target=slow, daemon=True).start()
    time.sleep(0.5)
print(*processes.shared.pids(), flush=True)
if sys.argv[3] == "wait":
    time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, source in TEMPLATES.items():
        (tmp_path / name).write_text(textwrap.dedent(source))
    return tmp_path


@pytest.fixture
def papers(folder: Path) -> Iterator[Callable[..., Paper]]:
    """Return a function that makes a typesetter with processes of its own."""
    made: list[Typesetters] = []

    def make(count: int = 1, **limits: float) -> Paper:
        made.append(Typesetters(count, **limits))  # type: ignore[arg-type]
        return Paper(folder, made[-1])

    yield make
    for typesetters in made:
        typesetters.close()


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def runs(pid: int) -> bool:
    """Return False if the process has ended, also if nobody has awaited it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int, within_s: float = 10.0) -> bool:
    """Return True if the process ends in time."""
    until = time.monotonic() + within_s
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not runs(pid)


def test_different_documents_do_not_fill_the_memory_of_this_process(folder: Path) -> None:
    paper = Paper(folder)
    paper.pdf("long.typ", {"title": "The first one"})
    before = resident()
    for number in range(8):
        paper.pdf("long.typ", {"title": f"Document {number}"})
    assert resident() - before < 20 * _MIB


def test_a_process_makes_many_documents_and_then_gives_its_memory_back(
    papers: Callable[..., Paper],
) -> None:
    paper = papers()
    seen = []
    for number in range(typesetter.DOCUMENTS_MAX + 1):
        paper.png("page.typ", {"number": number}, dots_per_inch=10)
        seen += paper.typesetters.pids()
    assert len(seen) == typesetter.DOCUMENTS_MAX, "the process ended with its last document"
    assert seen[:-1] == [seen[0]] * (typesetter.DOCUMENTS_MAX - 1)
    assert seen[-1] != seen[0]


def test_a_large_document_ends_its_process(papers: Callable[..., Paper]) -> None:
    paper = papers()
    paper.png("page.typ", {})
    (first,) = paper.typesetters.pids()
    paper.pdf("large.typ", {"rounds": 9_000_000})
    assert (paper.typesetters.pids(), runs(first)) == ([], False)
    assert paper.pdf("page.typ", {}).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("large.typ", {"memory_max": 300 * _MIB}),
        ("slow.typ", {"cpu_max_s": 1}),
        ("slow.typ", {"time_max_s": 1.5}),  # enough for a process start on a busy machine
    ],
    ids=["memory", "processor", "time"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_document_above_a_limit_is_refused_and_the_next_one_is_made(
    papers: Callable[..., Paper], name: str, limits: dict[str, float], is_first: bool
) -> None:
    paper = papers(**limits)
    if not is_first:
        paper.pdf("page.typ", {})
    with pytest.raises(DocumentTooLarge):
        paper.pdf(name, ENDLESS)
    assert paper.typesetters.pids() == []
    assert paper.pdf("page.typ", {}).startswith(b"%PDF-")


def test_a_process_that_died_is_replaced(papers: Callable[..., Paper]) -> None:
    paper = papers()
    paper.pdf("page.typ", {})
    (pid,) = paper.typesetters.pids()
    os.kill(pid, signal.SIGKILL)
    assert paper.pdf("page.typ", {}).startswith(b"%PDF-")
    assert pid not in paper.typesetters.pids()


def test_a_document_is_repeated_once_if_an_earlier_one_may_be_the_cause(
    papers: Callable[..., Paper],
) -> None:
    paper = papers()
    paper.pdf("page.typ", {})
    (used,) = paper.typesetters.pids()
    threading.Timer(0.2, os.kill, (used, signal.SIGKILL)).start()
    assert paper.png("slow.typ", {"rounds": 1_000_000})
    assert used not in paper.typesetters.pids()


def test_threads_get_their_own_documents_from_two_processes(papers: Callable[..., Paper]) -> None:
    paper = papers(2)
    texts = [f"Document {number}" for number in range(12)]
    alone = [paper.png("page.typ", {"text": text}, dots_per_inch=20) for text in texts]
    found: dict[str, list[bytes]] = {}

    def typeset(text: str) -> None:
        found[text] = paper.png("page.typ", {"text": text}, dots_per_inch=20)

    threads = [threading.Thread(target=typeset, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[text] for text in texts] == alone
    assert len(paper.typesetters.pids()) == 2


def test_nobody_waits_long_for_a_process(
    papers: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "WAIT_S", 0.05)
    paper = papers(time_max_s=2.0)

    def slowly() -> None:
        with pytest.raises(DocumentTooLarge):
            paper.png("slow.typ", ENDLESS)

    slow = threading.Thread(target=slowly)
    slow.start()
    while not paper.typesetters.pids():
        time.sleep(0.01)
    with pytest.raises(ExportsBusy):
        paper.pdf("page.typ", {})
    slow.join()
    assert paper.pdf("page.typ", {}).startswith(b"%PDF-")


def test_a_worker_makes_large_files_without_a_further_process(papers: Callable[..., Paper]) -> None:
    paper = papers()
    by_child = paper.pdf("page.typ", {})
    paper.typesetters.close()
    with in_worker():
        assert paper.pdf("page.typ", {}) == by_child
    assert paper.typesetters.pids() == []


def test_a_typesetter_gets_no_secret(
    papers: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOYAGENT_AUTH_SECRET", "x" * 32)
    paper = papers()
    paper.pdf("page.typ", {})
    (pid,) = paper.typesetters.pids()
    assert b"VOYAGENT_AUTH_SECRET" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_processes_leaves_the_end_to_the_parent(
    papers: Callable[..., Paper], number: signal.Signals
) -> None:
    paper = papers()
    paper.pdf("page.typ", {})
    (pid,) = paper.typesetters.pids()
    os.kill(pid, number)
    paper.pdf("page.typ", {})
    assert paper.typesetters.pids() == [pid]


@pytest.mark.parametrize(
    ("document", "number"),
    [
        ("page", None),
        ("page", signal.SIGTERM),
        ("slow", None),
        ("slow", signal.SIGKILL),
        ("fork", None),
    ],
)
def test_no_process_is_left_when_the_program_ends(
    folder: Path, document: str, number: signal.Signals | None
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), document, "wait" if number else "end"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        if number:
            parent.send_signal(number)
    assert parent.returncode == (-number if number else 0)
    assert [pid for pid in pids if not ends(pid)] == []


def test_a_request_for_a_document_above_a_limit_is_refused_with_a_sentence(
    app: Flask, alice: Person, papers: Callable[..., Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = draft(alice, line("500"))
    paper = app.extensions["voyagent.paper"]
    limited = Paper(paper.folder, papers(time_max_s=0.0).typesetters)
    monkeypatch.setitem(app.extensions, "voyagent.paper", limited)
    refused = alice.api.get(f"/invoices/{invoice_id}/invoice.pdf")
    assert refused.status_code == 422
    assert refused.json is not None
    assert refused.json["detail"] == "document_too_large"
    page = alice.browser.get(f"/invoices/{invoice_id}/invoice.pdf")
    assert (page.status_code, page.mimetype) == (422, "text/html")
    assert "too much time or memory" in page.text
    monkeypatch.undo()
    assert alice.api.get(f"/invoices/{invoice_id}/invoice.pdf").status_code == 200
