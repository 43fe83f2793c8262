"""The keys of backups, one a month, in a small file beside them: see docs/formats/backup.md.

A month's backups are sealed to its key. Its private half stands in this file alone, sealed to the recovery keys; when
the file drops it, no backup of that month opens any more, for anybody. Each key is signed by the installation that made
it: whoever can write to the backup disk cannot have backups sealed to a key of theirs.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from storage.sealing import base64url
from storage.sealing.errors import BackupRefused, DoesNotOpen, KeyRefused
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import DEFAULT_SUITE, OpeningKey, PublicKey, SuiteId, generate

FORMAT: Final = "integra-epochs-1"
MOST_EPOCHS: Final = 1_000
MOST_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Epoch:
    """
    Attributes:
        month: the first day of the month whose backups it is for.
        key: what they are sealed to.
        sealed: id of a recovery key -> the private half, sealed to it.
        made_by: id of the installation's audit key.
        signature: of that key, over all else.
    """

    month: date
    key: PublicKey
    sealed: dict[bytes, bytes] = field(repr=False)
    made_by: bytes
    signature: bytes = field(default=b"", repr=False)

    @classmethod
    def make(cls, day: date, recovery: Collection[PublicKey], signer: SigningKey) -> "Epoch":
        """A new key. Its private half is nowhere but here, sealed, once this returns.

        Args:
            recovery: each of them opens it alone; not empty.
        """
        made = generate(DEFAULT_SUITE)
        sealed = {one.kid: one.encrypt(made.seed(), info=_info(made.kid, one.kid)) for one in recovery}
        bare = cls(month_of(day), made.public, sealed, signer.kid)
        return cls(bare.month, bare.key, bare.sealed, bare.made_by, signer.sign(bare._signed()))

    def verified_by(self, key: VerifyKey) -> bool:
        return self.made_by == key.kid and key.verifies(self.signature, self._signed())

    def open(self, recovery: OpeningKey) -> OpeningKey:
        """The private half.

        Raises:
            BackupRefused: ``key``: not sealed to this recovery key.
        """
        sealed = self.sealed.get(recovery.kid)
        try:
            if sealed is None:
                raise DoesNotOpen("recipient")
            seed = recovery.decrypt(sealed, info=_info(self.key.kid, recovery.kid))
            found = OpeningKey(self.key.suite, seed)
        except (DoesNotOpen, KeyRefused):
            raise BackupRefused("key", "these backups were not made for this recovery key") from None
        if found.kid != self.key.kid:
            raise BackupRefused("damaged", "the key of these backups was exchanged")
        return found

    def is_over(self, today: date, months: int) -> bool:
        """Whether its backups are to open no more."""
        return is_over(self.month, today, months)

    def fields(self) -> dict[str, Any]:
        return {**self._fields(), "signature": base64url.encode(self.signature)}

    def _signed(self) -> bytes:
        return L + b"epoch" + json.dumps(self._fields(), sort_keys=True, separators=(",", ":")).encode("ascii")

    def _fields(self) -> dict[str, Any]:
        return {
            "month": self.month.isoformat()[:7],
            "suite": self.key.suite.name_in_files,
            "public": base64url.encode(self.key.raw),
            "sealed": {kid.hex(): base64url.encode(sealed) for kid, sealed in self.sealed.items()},
            "made_by": self.made_by.hex(),
        }


def render(epochs: Sequence[Epoch]) -> bytes:
    ordered = sorted(epochs, key=lambda one: (one.month, one.key.kid))
    return json.dumps({"format": FORMAT, "epochs": [one.fields() for one in ordered]}, indent=1).encode() + b"\n"


def parse(raw: bytes) -> list[Epoch]:
    """
    Raises:
        BackupRefused: ``epochs``: not such a file. Signatures are not looked at.
    """
    try:
        whole = json.loads(raw) if len(raw) <= MOST_BYTES else None
        if not isinstance(whole, dict) or whole.keys() != {"format", "epochs"} or whole["format"] != FORMAT:
            raise ValueError("format")
        if not isinstance(whole["epochs"], list) or len(whole["epochs"]) > MOST_EPOCHS:
            raise ValueError("epochs")
        return [_epoch(fields) for fields in whole["epochs"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, KeyRefused):
        raise BackupRefused("epochs", "the file with the keys of backups is damaged; take another copy of it") from None


def is_over(month: date, today: date, months: int) -> bool:
    """Whether it is so many or more months before this one."""
    return (today.year - month.year) * 12 + today.month - month.month >= months


def month_of(day: date) -> date:
    return day.replace(day=1)


def _epoch(fields: Any) -> Epoch:
    if fields.keys() != {"month", "suite", "public", "sealed", "made_by", "signature"}:
        raise ValueError("members")
    month = date.fromisoformat(fields["month"] + "-01")
    if month.isoformat()[:7] != fields["month"]:
        raise ValueError("month")
    key = PublicKey(SuiteId.named(fields["suite"]), base64url.decode(fields["public"]))
    sealed = {bytes.fromhex(kid): base64url.decode(text) for kid, text in fields["sealed"].items()}
    made_by, signature = bytes.fromhex(fields["made_by"]), base64url.decode(fields["signature"])
    return Epoch(month, key, sealed, made_by, signature)


def _info(kid: bytes, recovery_kid: bytes) -> bytes:
    return L + b"backup-epoch" + kid + recovery_kid
