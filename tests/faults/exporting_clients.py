"""Clients that export again and again, in a process of their own.

In the process of a test they would delay the requests that the test measures.

    python -m tests.faults.exporting_clients PORT PATH ACCESS_TOKEN CLIENTS

The process ends when its standard input is closed. It then writes the number of responses by
status, as JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections import Counter

RETRY_S = 5
BUFFER_BYTES = 256 * 1024


def export(port: int, path: str, token: str) -> int:
    """Read an export to its end and return the status."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        buffer = bytearray(BUFFER_BYTES)
        status = 0
        while size := client.recv_into(buffer):
            status = status or int(buffer[:size].split(b" ", 2)[1])
        return status


def main(port: str, path: str, token: str, clients: str) -> None:
    """Export until standard input is closed."""
    over, statuses = threading.Event(), Counter[int]()

    def run() -> None:
        while not over.is_set():
            status = export(int(port), path, token)
            statuses[status] += 1
            if status == 503:  # a client waits as long as `Retry-After` says
                over.wait(RETRY_S)

    threads = [threading.Thread(target=run) for _ in range(int(clients))]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(statuses))


if __name__ == "__main__":
    main(*sys.argv[1:])
