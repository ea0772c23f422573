"""The heaps from which a web process allocates memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import ROOT

COUNT = """
import ctypes, sys, threading
from voyagent.http.start import limit_heaps

if sys.argv[1] == "limited":
    limit_heaps()
together = threading.Barrier(8)

def allocate():
    together.wait()
    kept = [bytes(50_000) for _ in range(100)]
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone has these heaps")
@pytest.mark.parametrize("is_limited", [True, False])
def test_the_threads_of_a_web_process_share_two_heaps(is_limited: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNT, "limited" if is_limited else "default"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    heaps = done.stdout.count("<heap ")
    assert heaps <= 2 if is_limited else heaps > 2
