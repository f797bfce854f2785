"""Keys: the first, the next, and what somebody else slips in."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rul_platform.core.ledger_anchor import Anchor
from rul_platform.core.signatures import PrivateKey
from rul_platform.errors import KeyFileError, RecordError
from rul_platform.operation import signing
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.settings import Settings
from rul_platform.storage.home import Home
from rul_platform.storage.signing_keys import SigningKeys, public_file

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def problems(home: Home) -> list[str]:
    return [problem.sentence for problem in chain(home, Walk())]


def test_the_first_key_is_made_once_and_the_ledger_tells_of_it(home: Home):
    key = signing.make_first(home, now=NOW)
    (told,) = signing.keys(home)
    assert (told.key_id, told.replaces, told.problem, told.is_signer) == (key.id, None, None, True)
    assert problems(home) == []
    with pytest.raises(KeyFileError, match="nothing was changed; `rul keys rotate` makes the next"):
        signing.make_first(home, now=NOW)


def test_each_key_is_endorsed_by_the_one_before_and_all_signatures_stay_good(home: Home):
    home.ledger.append("purge", body={"feedback": 0}, now=NOW)
    ids = [home.signing.signer().public.id]
    for number in range(3):
        later = NOW + timedelta(days=number + 1)
        ids.append(signing.rotate(home, actor="ann", reason="yearly", now=later).id)
        home.ledger.append("purge", body={"feedback": 0}, now=later)
    told = signing.keys(home)
    assert [each.key_id for each in told] == ids
    assert [each.replaces for each in told] == [None, *ids[:-1]]
    assert [each.is_signer for each in told] == [False, False, False, True]
    assert {each.problem for each in told} == {None}
    assert home.anchors.newest().key_id == ids[-1]
    assert problems(home) == []


@pytest.mark.parametrize("goes_on", ["rotate", "sign"])
def test_an_exchange_of_keys_that_was_killed_half_way_is_mended(home: Home, goes_on: str):
    """The ledger has the row, and neither file was written: the new private key is lost for good."""
    signing.make_first(home, now=NOW)
    private = home.signing.folder / "signing.key"
    former = private.read_bytes()
    lost = signing.rotate(home, actor="ann", reason="yearly", now=NOW)
    private.chmod(0o600)
    private.write_bytes(former)
    (home.signing.folder / public_file(lost)).unlink()
    assert signing.keys(home)[1].problem is not None
    if goes_on == "rotate":
        signing.rotate(home, actor="ann", reason="again", now=NOW + timedelta(days=1))
    else:
        signing.sign_all(home, now=NOW + timedelta(days=1))
    assert {each.problem for each in signing.keys(home)} == {None}
    assert problems(home) == []


def test_a_key_that_somebody_slipped_in_is_told(home: Home):
    """Its file alone; its file and a row; its file and a row that claims to follow the true key."""
    signing.make_first(home, now=NOW)
    true, evil = home.signing.signer(), PrivateKey.generate()
    home.signing.publish(evil.public)
    assert any("and the ledger knows nothing of it" in each for each in problems(home))
    body = {"key_id": evil.public.id, "public": evil.public.raw.hex()}
    home.ledger.append("key", body=body, now=NOW)
    assert any("the key before it has not signed it" in each for each in problems(home))
    assert signing.keys(home)[1].problem == "the key before it has not signed it"
    endorsed = {"replaces": true.public.id, "endorsement": evil.sign(b"x").hex()}
    other = PrivateKey.generate()
    home.signing.publish(other.public)
    body = {"key_id": other.public.id, "public": other.public.raw.hex()} | endorsed
    home.ledger.append("key", body=body, now=NOW)
    assert signing.keys(home)[2].problem == "the key before it has not signed it"


def test_a_rotation_needs_a_reason_and_the_former_key(home: Home):
    signing.make_first(home, now=NOW)
    with pytest.raises(RecordError):
        signing.rotate(home, actor="ann", reason="  ", now=NOW)
    (home.signing.folder / "signing.key").unlink()
    with pytest.raises(KeyFileError, match="run this on the machine that trains"):
        signing.rotate(home, actor="ann", reason="lost", now=NOW)
    with pytest.raises(KeyFileError, match="run this on the machine that trains"):
        signing.sign_all(home, now=NOW)
    assert len(signing.keys(home)) == 1


def test_a_ledger_from_before_there_were_keys_is_signed_up_to_its_end(home: Home):
    signing.sign_all(home, now=NOW)
    (row,) = home.ledger.rows()
    assert json.loads(row.body)["key_id"] == home.signing.signer().public.id
    assert signing.sign_all(home, now=NOW).anchored == 1
    assert problems(home) == []


@pytest.fixture
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for a key outside of the home folder."""
    return tmp_path_factory.mktemp("apart") / "new" / "our.key"


def rotated(home: Home, *, now: datetime) -> None:
    signing.rotate(home, actor="ann", reason="yearly", now=now)


def process(home: Home, key: str) -> Home:
    """Another process of the same installation, and what its RUL_SIGNING_KEY says."""
    settings = Settings.read({"RUL_HOME": str(home.folder), "RUL_SIGNING_KEY": key})
    return Home(replace(settings, database_url=home.settings.database_url), clock=home.now)


def test_who_has_no_key_makes_none_and_who_has_it_signs_for_both(home: Home, apart: Path):
    service, worker = process(home, "none"), process(home, str(apart))
    service.ledger.append("freeze", plant="pumps", body={}, now=NOW)
    assert service.anchors.newest() is None
    assert service.signing.known() == {}
    for act in (signing.make_first, signing.sign_all, signing.anchor_rest):
        with pytest.raises(KeyFileError, match="RUL_SIGNING_KEY is none: this process signs"):
            act(service, now=NOW)

    assert signing.anchor_rest(worker, now=NOW) == 2  # the second row tells of the key
    assert signing.anchor_rest(worker, now=NOW) is None
    service.ledger.append("freeze", plant="pumps", body={}, now=NOW)
    assert worker.anchors.newest().seq == 2
    assert signing.anchor_rest(worker, now=NOW) == 3

    assert apart.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in worker.signing.folder.iterdir()] == [
        public_file(worker.signing.signer().public)
    ]
    assert problems(service) == problems(worker) == []
    service.engine.dispose()
    worker.engine.dispose()


def test_what_cannot_be_signed_is_told_and_a_forged_anchor_counts_for_nothing(
    home: Home, tmp_path: Path
):
    signing.make_first(home, now=NOW)
    keyless = process(home, "none")
    row = keyless.ledger.append("freeze", plant="pumps", body={}, now=NOW)
    forger = PrivateKey.generate()
    for seq in (row, 1_000_000):
        home.anchors.keep(Anchor.made(seq, "0" * 64, signed_at=NOW.isoformat(), key=forger))
    private = home.signing.private
    ours = private.rename(tmp_path / "ours")
    with pytest.raises(
        KeyFileError, match=r"signing.key is not there, but must be the key that signs"
    ):
        signing.anchor_rest(home, now=NOW)
    SigningKeys(tmp_path / "foreign", private).make_first()
    foreign, rows = private.read_bytes(), home.ledger.rows()
    for act in (signing.anchor_rest, signing.sign_all, rotated):
        with pytest.raises(KeyFileError, match="a key that the ledger does not tell of"):
            act(home, now=NOW)
    assert private.read_bytes() == foreign, "it is another installation's"
    assert home.ledger.rows() == rows

    ours.rename(private)

    assert signing.anchor_rest(home, now=NOW) == row
    assert signing.anchor_rest(home, now=NOW) is None
    keyless.engine.dispose()


def test_a_key_that_signs_is_not_missed_where_it_lay_before(home: Home, apart: Path):
    signing.make_first(home, now=NOW)
    moved = process(home, str(apart))
    remedy = rf"mkdir -p -m 700 {apart.parent} && mv .*signing.key {apart}"
    with pytest.raises(KeyFileError, match=remedy):
        signing.rotate(moved, actor="ann", reason="yearly", now=NOW)
    apart.parent.mkdir(mode=0o700)
    apart.touch()
    with pytest.raises(KeyFileError, match="there are two, and one must go"):
        signing.rotate(moved, actor="ann", reason="yearly", now=NOW)

    (home.signing.folder / "signing.key").rename(apart)
    signing.rotate(moved, actor="ann", reason="yearly", now=NOW)
    moved.engine.dispose()
    assert problems(home) == []
    assert home.signing.signer() is None
