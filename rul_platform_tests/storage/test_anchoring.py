"""Anchors: one after each commit that brought rows, in the table and in the file."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rul_platform.core.ledger_anchor import Anchor
from rul_platform.core.signatures import PrivateKey
from rul_platform.errors import KeyFileError, RecordError
from rul_platform.storage.anchoring import anchor_newest
from rul_platform.storage.anchors import AnchorStore
from rul_platform.storage.database import writing
from rul_platform.storage.ledger import LedgerStore, tell_of_rows
from rul_platform.storage.signing_keys import SigningKeys
from rul_platform_tests.storage.at_once import in_threads

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys.beside(tmp_path / "keys")


@pytest.fixture
def anchors(engine: sa.Engine, tmp_path: Path) -> AnchorStore:
    return AnchorStore(engine, tmp_path / "keys" / "anchors.jsonl")


@pytest.fixture
def ledger(engine: sa.Engine, keys: SigningKeys, anchors: AnchorStore) -> LedgerStore:
    """One whose rows are anchored as those of a home are."""
    store = LedgerStore(engine)

    def anchor() -> None:
        anchor_newest(store, anchors, keys, NOW)

    tell_of_rows(engine, anchor)
    return store


def test_the_first_row_makes_the_key_and_every_commit_is_anchored(ledger, anchors, keys):
    ledger.append("purge", body={}, now=NOW)

    purge, named = ledger.rows()
    key = keys.signer()
    assert (named.kind, json.loads(named.body)["key_id"]) == ("key", key.public.id)
    newest = anchors.newest()
    assert (newest.seq, newest.hash, newest.key_id) == (2, named.hash, key.public.id)
    assert newest.problem(keys.known()) is None
    ledger.append("purge", body={}, now=NOW)
    assert anchors.newest().seq == 3
    assert {each.seq for each in anchors.in_file()} == {2, 3}
    assert [each.seq for each in anchors.in_table()] == [2, 3]
    assert purge.seq == 1


def test_rows_of_one_transaction_have_one_anchor_and_rows_taken_back_none(engine, ledger, anchors):
    ledger.append("purge", body={}, now=NOW)
    with writing(engine):
        for _ in range(3):
            ledger.append("purge", body={}, now=NOW)
        assert anchors.newest().seq == 2
    assert anchors.newest().seq == 5
    with pytest.raises(RecordError):
        _taken_back(engine, ledger)
    assert anchors.newest().seq == 5
    assert [each.seq for each in anchors.in_table()] == [2, 5]


def _taken_back(engine: sa.Engine, ledger: LedgerStore) -> None:
    with writing(engine):
        ledger.append("purge", body={}, now=NOW)
        ledger.append("no kind", body={}, now=NOW)


def test_a_process_with_public_keys_alone_signs_nothing(ledger, anchors, keys):
    keys.publish(PrivateKey.generate().public)
    ledger.append("purge", body={}, now=NOW)
    assert anchors.newest() is None
    assert [row.kind for row in ledger.rows()] == ["purge"]


def test_a_row_that_somebody_put_beside_keeps_nobody_from_making_the_first_key(
    ledger, anchors, keys
):
    anchors.keep(Anchor.made(9, "0" * 64, signed_at=NOW.isoformat(), key=PrivateKey.generate()))
    ledger.append("purge", body={}, now=NOW)
    assert keys.signer() is not None
    assert [each.problem(keys.known()) for each in anchors.of_row(2)] == [None]


def test_keys_lie_in_folders_of_their_owner_alone_whatever_the_umask(tmp_path: Path):
    before = os.umask(0o002)
    try:
        keys = SigningKeys(tmp_path / "keys", tmp_path / "apart" / "our.key")
        keys.make_first()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("keys", "apart")]
    assert modes == [0o700, 0o700]
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o775)
    with pytest.raises(KeyFileError, match=r"open is open to others \(mode 0775\)"):
        SigningKeys(tmp_path / "others", tmp_path / "open" / "our.key").make_first()
    assert list((tmp_path / "open").iterdir()) == []


def test_many_at_once_use_one_key(ledger, anchors, keys):
    in_threads(lambda _: ledger.append("purge", body={}, now=NOW), 8)
    assert len(keys.known()) == 1
    assert anchors.newest().seq == ledger.newest().seq
    problems = {each.problem(keys.known()) for each in anchors.in_table()}
    assert problems == {None}


def test_the_private_key_is_its_owners_alone(ledger, keys):
    ledger.append("purge", body={}, now=NOW)
    path = keys.folder / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match=r"signing\.key is open to others \(mode 0644\)"):
        keys.signer()


def test_another_key_takes_over_and_the_former_stays_known(ledger, anchors, keys):
    ledger.append("purge", body={}, now=NOW)
    former, other = keys.signer(), PrivateKey.generate()
    body = {"key_id": other.public.id, "public": other.public.raw.hex()}
    ledger.append("key", body=body, now=NOW)
    keys.replace(other)
    ledger.append("purge", body={}, now=NOW)
    assert keys.signer() == other
    assert set(keys.known()) == {former.public.id, other.public.id}
    assert anchors.newest().key_id == other.public.id


def test_a_damaged_line_of_the_file_is_told_and_the_others_are_read(ledger, anchors):
    ledger.append("purge", body={}, now=NOW)
    with anchors.file.open("ab") as stream:
        stream.write(b"{\n")
    ledger.append("purge", body={}, now=NOW)
    seqs = [each if isinstance(each, str) else each.seq for each in anchors.in_file()]
    assert f"line {len(seqs) - 1} of {anchors.file} is no anchor" == seqs[-2]
    assert seqs[-1] == 3


def test_a_key_that_the_ledger_does_not_tell_of_signs_nothing(ledger, anchors, keys):
    """As on a second machine that made one of its own."""
    ledger.append("purge", body={}, now=NOW)
    before = anchors.newest()
    keys.replace(PrivateKey.generate())
    ledger.append("purge", body={}, now=NOW)
    assert anchors.newest() == before


def test_a_first_key_that_a_crash_left_untold_is_told_later(ledger, anchors, keys):
    key = keys.make_first()
    next(keys.folder.glob("*.pub.pem")).unlink()
    ledger.append("purge", body={}, now=NOW)
    assert anchors.newest().key_id == key.public.id
    assert set(keys.known()) == {key.public.id}
    assert [row.kind for row in ledger.rows()] == ["purge", "key"]


def test_a_line_that_was_cut_off_costs_no_other_one(ledger, anchors):
    ledger.append("purge", body={}, now=NOW)
    with anchors.file.open("ab") as stream:
        stream.write(b'{"hash": "ab')
    ledger.append("purge", body={}, now=NOW)
    *_, torn, whole = anchors.in_file()
    assert isinstance(torn, str)
    assert whole == anchors.newest()
