"""What an installation believes about its desks, kept outside the database: whose signature, and since which version.

One small file an agency, ``desks/<slug>.json``: {"admin": base64url public key, "version": highest seen}; and where one
admin key gave way to another here, "successions": what both of them signed.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from storage.errors import BadInstallation
from storage.sealing import base64url
from storage.sealing.errors import KeyRefused
from storage.sealing.signing import VerifyKey
from storage.sealing.succession import statement


@dataclass(frozen=True, slots=True)
class Pin:
    admin: VerifyKey
    version: int


@dataclass(frozen=True, slots=True)
class Succession:
    """One admin key took another's place; both have signed ``storage.sealing.succession.statement``.

    Attributes:
        version: of the first desk that the new key signed.
    """

    former: VerifyKey
    new: VerifyKey
    version: int
    by_former: bytes
    by_new: bytes


class Pins:
    """The pins of one data folder, read anew each time: another process may have raised one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, slug: str) -> Pin | None:
        """
        Raises:
            BadInstallation: the file is there and not as it must be. Never treated as missing.
        """
        found = self._read(slug)
        return None if found is None else found[0]

    def successions(self, slug: str) -> tuple[Succession, ...]:
        """How the pinned admin key came to be it, oldest first: for who pinned a former one.

        Raises:
            BadInstallation: as ``of``.
        """
        found = self._read(slug)
        return () if found is None else found[1]

    def _read(self, slug: str) -> tuple[Pin, tuple[Succession, ...]] | None:
        try:
            fields = json.loads((self._folder / f"{slug}.json").read_text())
            pin = Pin(VerifyKey(base64url.decode(fields["admin"])), int(fields["version"]))
            return pin, tuple(
                Succession(
                    VerifyKey(base64url.decode(one["former"])),
                    VerifyKey(base64url.decode(one["new"])),
                    int(one["version"]),
                    base64url.decode(one["by_former"]),
                    base64url.decode(one["by_new"]),
                )
                for one in fields.get("successions", [])
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, KeyRefused):
            raise BadInstallation(f"desks/{slug}.json is damaged; restore it from a backup") from None

    def set(self, slug: str, pin: Pin) -> None:
        """Write a pin durably; the version never goes down.

        Raises:
            BadInstallation: another admin key is pinned, or a higher version.
        """
        found = self.of(slug)
        if found is not None and found.admin.raw != pin.admin.raw:
            raise BadInstallation(f"another admin key is pinned for {slug}; see docs/operating.md, Keys")
        if found is not None and found.version > pin.version:
            raise BadInstallation(f"version {found.version} of {slug}'s desk was seen already")
        self._write(slug, pin)

    def move_on(self, slug: str, pin: Pin) -> None:
        """After a restore: what was seen since the backup, where it is newer. Until the admin publishes a desk of a
        greater version, nothing is sealed to the older one, which may hold a key that was taken off."""
        found = self.of(slug)
        if found is None or found.version < pin.version:
            self._write(slug, pin)

    def hand_over(self, slug: str, to: Pin, by_former: bytes, by_new: bytes) -> None:
        """Pin another admin key, to which both keys have put their signature; see ``storage.sealing.succession``.

        Raises:
            BadInstallation: nothing is pinned, one of the signatures is not right, or a higher version was seen.
        """
        found = self.of(slug)
        if found is None:
            raise BadInstallation(f"no admin key is pinned for {slug}")
        agreed = statement(slug, found.admin, to.admin, to.version)
        if not (found.admin.verifies(by_former, agreed) and to.admin.verifies(by_new, agreed)):
            raise BadInstallation("the change of admin keys is not signed by both of them")
        if found.version >= to.version:
            raise BadInstallation(f"version {found.version} of {slug}'s desk was seen already")
        self._write(slug, to, Succession(found.admin, to.admin, to.version, by_former, by_new))

    def _write(self, slug: str, pin: Pin, *succeeded: Succession) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{slug}.json"
        part = path.with_suffix(".part")
        fields: dict[str, object] = {"admin": base64url.encode(pin.admin.raw), "version": pin.version}
        if successions := (*self.successions(slug), *succeeded):
            fields["successions"] = [told(one) for one in successions]
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(fields, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # or the new name may be gone after a loss of power
        finally:
            os.close(folder)


def told(one: Succession) -> dict[str, object]:
    """JSON-ready; bytes as base64url."""
    return {
        "former": base64url.encode(one.former.raw),
        "new": base64url.encode(one.new.raw),
        "version": one.version,
        "by_former": base64url.encode(one.by_former),
        "by_new": base64url.encode(one.by_new),
    }
