"""What stands in tests/vectors/desk-manifest/*.json: one file, one way for a signed desk to be taken or refused.

``vectors.folder`` writes the files. What is broken in a file is signed with the break in it, so that one check alone
refuses it. Keys are synthetic.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vectors.sealed_notes import flip, made_of

from storage.sealing import base64url
from storage.sealing.labels import L
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

FOLDER = Path(__file__).parent / "desk-manifest"
TODAY = "2026-11-23"
ADMIN, STRANGER = SigningKey(made_of("admin")), SigningKey(made_of("admin of another agency"))
XWING, X25519 = SuiteId.XWING, SuiteId.X25519


def listed(name: str, role: str, suite: SuiteId = XWING, **more: str) -> dict[str, str]:
    key = OpeningKey(suite, made_of(f"desk {name}")).public
    public = base64url.encode(key.raw)
    fields = {"kid": key.kid.hex(), "suite": suite.name_in_files, "public": public, "role": role, "label": name}
    return {**fields, **more}


ANN = listed("Coordinator north", "coordinator", not_after="2027-01-31")
SYNC = listed("Case system", "case-system")
RECOVERY = listed("Recovery 2026", "recovery")
DESK: dict[str, Any] = {
    "format": "integra-desk-1",
    "agency": "mentors-north",
    "agency_ref": made_of("agency", 16).hex(),
    "version": 7,
    "suites": ["x-wing"],
    "recipients": [ANN, SYNC, RECOVERY],
    "desk_agencies": ["probation-north"],
    "escrow": True,
    "created": TODAY,
}


def canonical(**changes: Any) -> bytes:
    """Written down here a second time, and not through ``storage.sealing.desk``."""
    fields = {**DESK, **changes}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


@dataclass(frozen=True)
class Case:
    name: str
    comment: str
    expect: str
    canonical: bytes
    signature: bytes | None = None
    at_least_version: int = 1
    today: str = TODAY
    agency: str | None = "mentors-north"
    seal_to: list[str] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        signature = ADMIN.sign(L + b"desk" + self.canonical) if self.signature is None else self.signature
        fields: dict[str, Any] = {
            "comment": self.comment,
            "expect": self.expect,
            "admin_public": ADMIN.public.raw.hex(),
            "at_least_version": self.at_least_version,
            "today": self.today,
            "agency": self.agency,
            "canonical": base64.b64encode(self.canonical).decode(),
            "signature": signature.hex(),
        }
        if self.expect == "taken":
            fields["seal_to"] = self.seal_to
        return fields


def taken() -> Iterator[Case]:
    def case(name: str, comment: str, live: list[dict[str, str]], whole: bytes, **more: Any) -> Case:
        return Case(f"taken-{name}", comment, "taken", whole, seal_to=[one["kid"] for one in live], **more)

    everybody = [ANN, SYNC, RECOVERY]
    yield case("whole", "three X-Wing keys", everybody, canonical())
    yield case("last-day", "on the last day of a key", everybody, canonical(), today="2027-01-31")
    yield case("one-expired", "one of three has expired", [SYNC, RECOVERY], canonical(), today="2027-02-01")
    yield case("equal-version", "the version that was seen last", everybody, canonical(), at_least_version=7)
    yield case("any-agency", "no agency asked for", everybody, canonical(agency="another"), agency=None)
    without = canonical(recipients=[ANN, SYNC], escrow=False)
    yield case("no-escrow", "no recovery key, and it says so", [ANN, SYNC], without)
    old = [listed("Old", "supervisor", X25519), listed("Old recovery", "recovery", X25519)]
    yield case(
        "x25519",
        "an agency that allows both and uses suite 1",
        old,
        canonical(suites=["x25519", "x-wing"], recipients=old),
    )
    spoken = [listed('Południe "2" \\ عربي 🗝', "coordinator"), RECOVERY]
    yield case("label-of-many-scripts", "quotes, backslash, beyond ASCII", spoken, canonical(recipients=spoken))
    many = [listed(f"Number {number}", "coordinator", X25519) for number in range(31)]
    many.append(listed("Recovery", "recovery", X25519))
    yield case("32-keys", "as many as there may be", many, canonical(suites=["x25519"], recipients=many))


def refused() -> Iterator[Case]:
    def case(expect: str, name: str, comment: str, whole: bytes, **more: Any) -> Case:
        return Case(f"{expect}-{name}", comment, expect, whole, **more)

    def first(**changes: Any) -> bytes:
        return canonical(recipients=[{**ANN, **changes}, SYNC, RECOVERY])

    good = canonical()
    right = ADMIN.sign(L + b"desk" + good)
    yield case("signature", "stranger", "another admin's", good, signature=STRANGER.sign(L + b"desk" + good))
    yield case("signature", "bit", "one bit of it", good, signature=flip(right))
    yield case("signature", "missing", "none", good, signature=b"")
    yield case("signature", "without-label", "signed without the label", good, signature=ADMIN.sign(good))
    swapped = canonical(recipients=[{**listed("Eve", "coordinator"), "label": ANN["label"]}, SYNC, RECOVERY])
    yield case("signature", "key-swapped", "a key swapped after it was signed", swapped, signature=right)
    yield case("signature", "of-older-version", "an older version's signature", canonical(version=8), signature=right)

    text = good.decode()
    for name, whole in {
        "empty": b"",
        "list": b"[]",
        "null": b"null",
        "not-utf-8": b"\xff",
        "newline-at-end": good + b"\n",
        "space": text.replace('"version":7', '"version": 7').encode(),
        "keys-not-sorted": json.dumps(DESK, separators=(",", ":")).encode(),
        "field-twice": text.replace('"version":7', '"version":7,"version":7').encode(),
        "needless-escape": text.replace("north", "\\u006eorth").encode(),
        "slash-escaped": first(label="a/b").replace(b"a/b", b"a\\/b"),
        "half-a-character": text.replace("Coordinator north", "\\ud83d").encode(),
        "byte-order-mark": b"\xef\xbb\xbf" + good,
        "utf-16": text.encode("utf-16"),
        "format-2": canonical(format="integra-desk-2"),
        "field-unknown": canonical(more=1),
        "field-missing": text.replace('"escrow":true,', "").encode(),
        "version-0": canonical(version=0),
        "version-real": canonical(version=7.0),
        "version-exponent": text.replace('"version":7', '"version":7e0').encode(),
        "version-true": canonical(version=True),
        "version-too-high": canonical(version=2**31),
        "escrow-number": canonical(escrow=1),
        "slug-capital": canonical(agency="Mentors"),
        "slug-hyphen-first": canonical(agency="-north"),
        "slug-41": canonical(agency="a" * 41),
        "agency-ref-short": canonical(agency_ref="00" * 15),
        "agency-ref-capital": canonical(agency_ref="AB" * 16),
        "created-no-day": canonical(created="2026-11-31"),
        "created-year-0": canonical(created="0000-01-01"),
        "created-basic": canonical(created="20261123"),
        "desks-twice": canonical(desk_agencies=["north", "north"]),
        "desks-33": canonical(desk_agencies=[f"agency-{number}" for number in range(33)]),
        "recipients-object": canonical(recipients={}),
        "suites-empty": canonical(suites=[]),
        "suites-not-ascending": canonical(suites=["x-wing", "x25519"]),
        "suites-twice": canonical(suites=["x-wing", "x-wing"]),
        "role-unknown": first(role="admin"),
        "label-empty": first(label=""),
        "label-81": first(label="x" * 81),
        "label-two-lines": first(label="two\nlines"),
        "label-no-break-space": first(label="no\u00a0break"),
        "label-right-to-left-override": first(label="over\u202eride"),
        "recipient-field-unknown": first(more="1"),
        "not-after-null": first(not_after=None),
        "not-after-no-day": first(not_after="2027-02-29"),
        "public-short": first(public="AAAA"),
        "public-padded": first(public=ANN["public"] + "="),
        "public-not-mlkem": first(public=base64url.encode(b"\xff" * 1184 + b"\x09" * 32)),
        "public-small-order": first(public=base64url.encode(base64url.decode(ANN["public"])[:-32] + bytes(32))),
        "kid-short": first(kid="00"),
    }.items():
        yield case("format", name, "not the canonical form, or outside its ranges; signed", whole)

    yield case("agency", "another", "signed by the same admin for another agency", canonical(agency="another"))
    yield case("version", "rolled-back", "lower than was seen", good, at_least_version=8)
    yield case("suite", "unknown", "allows a suite that is unknown", canonical(suites=["x-wing", "p-256"]))
    yield case("suite", "of-key-unknown", "a key of a suite that is unknown", first(suite="p-256"))
    yield case("suite", "not-allowed", "keys of a suite that it does not allow", canonical(suites=["x25519"]))
    mixed = [ANN, listed("Old", "coordinator", X25519), RECOVERY]
    yield case("suite", "mixed", "keys of two suites", canonical(suites=["x25519", "x-wing"], recipients=mixed))
    twice = canonical(recipients=[ANN, {**ANN, "label": "Again"}, SYNC, RECOVERY])
    yield case("duplicate", "key-twice", "a key twice under two labels", twice)
    yield case("kid", "of-another-key", "a key id that is not its key's", first(kid=SYNC["kid"]))
    yield case("recipients", "none", "nobody", canonical(recipients=[]))
    many = [listed(f"Number {number}", "coordinator", X25519) for number in range(33)]
    yield case(
        "recipients", "33", "more than there may be", canonical(suites=["x25519"], recipients=many, escrow=False)
    )
    yield case("recovery", "missing", "escrow without a recovery key", canonical(recipients=[ANN, SYNC]))
    ending = canonical(recipients=[SYNC, {**RECOVERY, "not_after": "2026-11-22"}])
    yield case("recovery", "expired", "the recovery key has expired", ending)
    alone = canonical(recipients=[{**ANN, "not_after": "2026-11-22"}, RECOVERY])
    yield case("expired", "all-but-recovery", "nobody but recovery is left", alone)


def cases() -> list[Case]:
    return [*taken(), *refused()]
