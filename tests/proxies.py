"""nginx and HAProxy with the files of `deploy/`, on free ports and without TLS."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.processes import ROOT, end

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
PROGRAMS = {name: shutil.which(name, path=_PATH) for name in ("nginx", "haproxy")}
_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    include {site};
}}
"""


def site_of(name: str) -> str:
    """Return the configuration of a proxy as it is delivered."""
    files = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg"}
    return (ROOT / "deploy" / files[name]).read_text()


def check_command(name: str, folder: Path, site: str) -> list[str]:
    """Write a configuration into a folder and return the command that checks it."""
    if name == "haproxy":
        (folder / "haproxy.cfg").write_text(site)
        return [PROGRAMS[name] or "", "-c", "-f", str(folder / "haproxy.cfg")]
    (folder / "site.conf").write_text(site)
    main = folder / "nginx.conf"
    main.write_text(_NGINX.format(folder=folder, site=folder / "site.conf"))
    return [PROGRAMS[name] or "", "-t", "-e", "stderr", "-p", str(folder), "-c", str(main)]


def without_tls(site: str, port: int, servers: Sequence[int]) -> str:
    """Return a configuration for one port, which needs neither TLS nor root."""
    for written, used in zip(("5001", "5002"), servers, strict=True):
        site = site.replace(f"127.0.0.1:{written}", f"127.0.0.1:{used}")
    site = re.sub(r"^server \{\n    listen 80;.*?^\}\n", "", site, flags=re.DOTALL | re.MULTILINE)
    site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    site = re.sub(
        r"^ +(user|group|http2|ssl_|bind :443|http-request redirect).*\n",
        "",
        site,
        flags=re.MULTILINE,
    )
    return site.replace("bind :80", f"bind 127.0.0.1:{port}")


@contextmanager
def proxy(name: str, servers: Sequence[int]) -> Iterator[int]:
    """Run a proxy in front of two ports until the block ends; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # the processes of nginx run as another user
        check = check_command(name, folder, without_tls(site_of(name), port, servers))
        command = [part for part in check if part not in {"-t", "-c"}]
        if name == "nginx":
            command.insert(-1, "-c")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                assert process.poll() is None, f"{name} has ended"
                time.sleep(0.05)
            yield port
        finally:
            end(process, within_s=10)
