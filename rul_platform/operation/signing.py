"""The keys that sign: the first one, one after another, and signing what is not signed yet.

The ledger tells which keys there were: each but the first is endorsed by the one before it, so that a
key slipped in by somebody else is known by what it lacks.

Belongs here: these acts. Does not belong here: key files (``storage.signing_keys``), what a signature
proves (``audit``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rul_platform.core.framing import framed_bytes
from rul_platform.core.signatures import PrivateKey, PublicKey
from rul_platform.errors import KeyFileError
from rul_platform.operation.decisions import given
from rul_platform.operation.provenance import sign_version
from rul_platform.storage.anchoring import KEY, anchor_newest
from rul_platform.storage.home import Home

DOMAIN = "rul_platform/key/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A key as the ledger tells of it.

    Attributes:
        key_id: Its id.
        since: When the ledger's row was written, ISO 8601 in UTC.
        replaces: Id of the key before it; None of the first.
        problem: Why it cannot be believed; None where it can.
        is_signer: Whether this process signs with it.
    """

    key_id: str
    since: str
    replaces: str | None
    problem: str | None
    is_signer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What :func:`sign_all` signed.

    Attributes:
        versions: Plant and number of each version.
        anchored: Row of the ledger that has an anchor now; None where the ledger is empty.
    """

    versions: tuple[tuple[str, int], ...]
    anchored: int | None


def make_first(home: Home, *, now: datetime) -> PublicKey:
    """Make the first key, and say so in the ledger.

    Raises:
        KeyFileError: There are keys already.
    """
    private = home.signing.private
    if private is None:
        raise _no_key(home)
    key = home.signing.make_first()
    if key is None:
        there = private if private.exists() else home.signing.folder
        raise KeyFileError(
            str(there),
            found="a key that signs" if there == private else "a folder with public keys",
            expected="not there" if there == private else "without any",
            remedy="nothing was changed; `rul keys rotate` makes the next one",
        )
    home.ledger.append(KEY, body=_told(key.public), now=now)
    return key.public


def rotate(home: Home, *, actor: str, reason: str, now: datetime) -> PublicKey:
    """Sign with a new key from now on. The former signs its successor, and is then gone.

    Args:
        home: Whose keys.
        actor: Pseudonym of the person.
        reason: Why; kept for the audit.
        now: When.

    Raises:
        RecordError: No reason is given.
        KeyFileError: There is no private key here, it cannot be used, or it is not this ledger's.
    """
    reason, former = given(reason), _signer(home)
    _publish_told(home)
    ours = {each.key_id for each in told(home)}
    if ours and former.public.id not in ours:
        raise _foreign(home)
    key = PrivateKey.generate()
    body = _told(key.public) | {
        "replaces": former.public.id,
        "endorsement": former.sign(_endorsed(key.public, former.public.id)).hex(),
        "actor": actor,
        "reason": reason,
    }
    home.ledger.append(KEY, body=body, now=now)
    # killed before this, the former key goes on, and this one signs nothing
    home.signing.replace(key)
    anchor_newest(home.ledger, home.anchors, home.signing, now)
    return key.public


def keys(home: Home) -> tuple[KnownKey, ...]:
    """Every key that the ledger tells of, oldest first, and whether it can be believed."""
    signer = home.signing.signer()
    return told(home, own=signer.public.id if signer else None)


def told(home: Home, *, own: str | None = None) -> tuple[KnownKey, ...]:
    """As :func:`keys`, without a look at the private key."""
    return tuple(_keys(home, own))


def sign_all(home: Home, *, now: datetime) -> Signed:
    """Sign every version that nobody has signed, and the ledger's newest row.

    Raises:
        KeyFileError: There is no private key here, or it cannot be used.
        StoreError: A version's files are not there or changed.
    """
    if home.signing.signer() is None and not home.signing.known():
        make_first(home, now=now)
    _signer(home)
    _publish_told(home)
    done = list[tuple[str, int]]()
    for version in home.registry.versions():
        is_there = version.cleaned_at is None
        if is_there and not home.provenance.of_version(version.plant, version.number):
            sign_version(home, version, now=now)
            done.append((version.plant, version.number))
    is_empty = home.ledger.newest() is None
    return Signed(versions=tuple(done), anchored=None if is_empty else _anchored(home, now))


def anchor_rest(home: Home, *, now: datetime) -> int | None:
    """Sign the ledger's newest row, where nobody did: its writer had no key, or was killed before.

    Returns:
        The row; None where it was signed already.

    Raises:
        KeyFileError: It cannot be signed here: there is no key, it cannot be used, or the ledger tells
            of others.
        OSError: A file cannot be written.
    """
    newest, known = home.ledger.newest(), home.signing.known()
    if newest is None:
        return None
    kept = home.anchors.of_row(newest.seq)  # a signature counts, not that somebody wrote a row
    if any(each.hash == newest.hash and each.problem(known) is None for each in kept):
        return None
    return _anchored(home, now)


def _anchored(home: Home, now: datetime) -> int:
    """Sign the newest row of a ledger that has some; gives its number."""
    anchor = anchor_newest(home.ledger, home.anchors, home.signing, now)
    if anchor is not None:
        return anchor.seq
    _signer(home)
    raise _foreign(home)


def _publish_told(home: Home) -> None:
    """Public keys that the ledger tells of and whose files were not written: somebody was killed.

    Only those that the key before them has signed: a file is trusted by whoever checks signatures.
    """
    known = home.signing.known()
    for row in home.ledger.of_kind(KEY):
        try:
            body = json.loads(row.body)
            key, by = PublicKey(bytes.fromhex(body["public"])), known.get(body.get("replaces", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # an audit tells of it
        if key.id not in known and _is_endorsed(key, by, body):
            home.signing.publish(key)
            known[key.id] = key


def _signer(home: Home) -> PrivateKey:
    key = home.signing.signer()
    if key is None:
        raise _no_key(home)
    return key


def _foreign(home: Home) -> KeyFileError:
    return KeyFileError(
        str(home.signing.private),
        found="a key that the ledger does not tell of",
        expected="the newest one that it tells of",
        remedy="bring that one back from where keys are saved; `rul keys list` has its id",
    )


def _no_key(home: Home) -> KeyFileError:
    """What to say where this process cannot sign, and must."""
    if (private := home.signing.private) is None:
        return KeyFileError(
            "RUL_SIGNING_KEY",
            found="none: this process signs nothing",
            expected="the file of the key that signs",
            remedy="run this where RUL_SIGNING_KEY names it, as beside Dagster's code server",
        )
    return KeyFileError(
        str(private),
        found="not there",
        expected="the key that signs",
        remedy="run this on the machine that trains, or make the first key: `rul keys init`",
    )


def _keys(home: Home, own: str | None) -> Iterator[KnownKey]:
    known, former = home.signing.known(), dict[str, PublicKey]()
    for row in home.ledger.of_kind(KEY):
        try:
            body = json.loads(row.body)
            key, replaces = PublicKey(bytes.fromhex(body["public"])), body.get("replaces")
            key_id = key.id
        except (ValueError, KeyError, TypeError, AttributeError):
            problem = f"row {row.seq} of the ledger about it cannot be read"
            yield KnownKey(
                key_id="", since=row.created_at, replaces=None, problem=problem, is_signer=False
            )
            continue
        if key_id in former:
            continue  # of two processes that came first at once, both have told
        problem = None
        if key.id != body["key_id"]:
            problem = "its id is not its own"
        elif key.id not in known:
            problem = f"its public key is not in {home.signing.folder}"
        elif former and not _is_endorsed(key, former.get(replaces or ""), body):
            problem = "the key before it has not signed it"
        former[key.id] = key
        yield KnownKey(
            key_id=key.id,
            since=row.created_at,
            replaces=replaces,
            problem=problem,
            is_signer=key.id == own,
        )


def _is_endorsed(key: PublicKey, by: PublicKey | None, body: dict[str, str]) -> bool:
    try:
        signature = bytes.fromhex(body["endorsement"])
    except (ValueError, KeyError, TypeError):
        return False
    return by is not None and by.has_signed(signature, _endorsed(key, by.id))


def _told(key: PublicKey) -> dict[str, str]:
    return {"key_id": key.id, "public": key.raw.hex()}


def _endorsed(key: PublicKey, by: str) -> bytes:
    return framed_bytes(DOMAIN, key.raw, by.encode())
