"""Open a file that a backup or an export wrote, and decrypt its secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from voyagent.backup.errors import WrongFile, WrongPassphrase
from voyagent.backup.rules import sealing
from voyagent.backup.rules.manifest import KEYS, MANIFEST
from voyagent.backup.service.archive import CHANGED, Archive, reading


class HasMembers(Protocol):
    """A manifest that has the SHA-256 of other files in its archive, by name."""

    @property
    def members(self) -> dict[str, str]:
        """Return the SHA-256 of each file, in hex digits, by the name of the file."""


Described = TypeVar("Described", bound=HasMembers)


@dataclass(frozen=True, slots=True)
class Opened(Generic[Described]):
    """A file whose every byte was checked, and its decrypted secrets."""

    archive: Archive
    manifest: Described
    secrets: dict[str, str] = field(repr=False)


@contextmanager
def open_file(
    file: Path, passphrase: str, decode: Callable[[bytes], Described]
) -> Iterator[Opened[Described]]:
    """Check a whole file and decrypt its secrets; keep it open in the block.

    `decode` reads the manifest. Raises WrongFile, WrongPassphrase.
    """
    with reading(file) as archive:
        content = archive.read(MANIFEST)
        try:
            manifest = decode(content)
            secrets = sealing.unseal(archive.read(KEYS), passphrase, content)
        except sealing.CannotOpen:
            raise WrongPassphrase(file) from None
        except ValueError:
            raise WrongFile(file, CHANGED) from None
        found = {name: one.sha256 for name, one in archive.members.items()}
        if {name: found[name] for name in found.keys() - {MANIFEST, KEYS}} != manifest.members:
            raise WrongFile(file, CHANGED)
        yield Opened(archive, manifest, secrets)
