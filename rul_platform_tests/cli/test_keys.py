"""`rul keys` and `rul audit`, as a person types them."""

import json
from pathlib import Path

from rul_platform_tests.cli.terminal import Terminal


def test_a_person_makes_lists_rotates_and_exports_keys(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    assert "No key yet" in terminal.types("keys", "list").out
    assert "No key yet" in terminal.types("keys", "export-public", "--out", str(tmp_path)).out
    first = terminal.types("keys", "init")
    assert (first.code, "signs from now on" in first.out) == (0, True)
    again = terminal.types("keys", "init")
    assert again.code == 1
    assert "rul keys rotate" in again.err
    assert terminal.types("keys", "rotate").code == 2
    assert terminal.types("keys", "rotate", "--reason", "yearly").code == 0
    told = terminal.reads("keys", "list")
    assert [each["is_signer"] for each in told] == [False, True]
    out = tmp_path / "public"
    assert terminal.types("keys", "export-public", "--out", str(out)).code == 0
    assert len(list(out.glob("signing-*.pub.pem"))) == 2
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in out.iterdir())


def test_a_key_with_a_place_of_its_own_is_backed_up_and_comes_back_to_it(tmp_path: Path):
    terminal, again = Terminal(tmp_path / "home"), Terminal(tmp_path / "again")
    place, backup, safe = (str(tmp_path / name) for name in ("our.key", "backup", "safe"))
    made = terminal.types("keys", "init", RUL_SIGNING_KEY=place)
    assert f"It lies in {place}." in made.out
    keyless = terminal.types("backup", f"{backup}2", "--keys", f"{safe}2", RUL_SIGNING_KEY="none")
    assert "1 key saved in" in keyless.out
    assert "Whoever has them can only check signatures." in keyless.out
    assert "Not among them: the key that signs (RUL_SIGNING_KEY is none here)." in keyless.err
    saved = terminal.types("backup", backup, "--keys", safe, RUL_SIGNING_KEY=place)
    assert (saved.code, saved.err) == (0, "")
    assert "2 keys saved in" in saved.out
    assert "Whoever has them can sign." in saved.out

    there = again.types("restore", backup, "--keys", safe, RUL_SIGNING_KEY=place)
    assert there.code == 0, there.err  # the very same key is no hindrance
    assert f"The one that signs is {place}." in there.out
    assert again.types("keys", "rotate", "--reason", "yearly", RUL_SIGNING_KEY=place).code == 0
    other = Terminal(tmp_path / "other")
    said = other.is_refused("restore", backup, "--keys", safe, RUL_SIGNING_KEY=place)
    assert f"{place} is another key" in said
    assert not (tmp_path / "other" / "anchors.jsonl").exists(), "nothing was restored"


def test_keys_that_do_not_fit_a_backup_are_refused_before_anything_is_written(tmp_path: Path):
    ours, stranger, again = (Terminal(tmp_path / name) for name in ("ours", "stranger", "again"))
    backup, safe, theirs = (str(tmp_path / name) for name in ("backup", "safe", "theirs"))
    for terminal, target, keys in ((ours, backup, safe), (stranger, f"{backup}2", theirs)):
        assert terminal.types("keys", "init").code == 0
        assert terminal.types("backup", target, "--keys", keys).code == 0
    inside = ours.types("backup", f"{backup}3", "--keys", f"{backup}3/keys")
    assert inside.code == 2
    assert "whoever gets the backup would have its keys" in inside.err

    within = ours.types("backup", f"{backup}3", "--keys", str(tmp_path / "ours" / "saved"))
    assert within.code == 2
    assert "the next backup would have its keys" in within.err
    taken = ours.is_refused("backup", f"{backup}3", "--keys", safe)
    assert "with something in it, but must be empty or not there. Nothing was changed." in taken
    assert not (tmp_path / "backup3").exists()

    checked = again.types("restore", backup, "--keys", safe, "--check")
    assert "1 public key in" in checked.out
    for more in ((), ("--check",)):
        said = again.is_refused("restore", backup, "--keys", theirs, *more)
        assert "a folder without any key that signed this backup's ledger" in said
    key = tmp_path / "safe" / "signing.key"
    key.write_bytes(key.read_bytes()[:50])
    for more in ((), ("--check",)):
        said = again.is_refused("restore", backup, "--keys", safe, *more)
        assert "signing.key is nothing that can be read, but must be a private key" in said
    key.write_bytes((tmp_path / "theirs" / "signing.key").read_bytes())
    said = again.is_refused("restore", backup, "--keys", safe)
    assert "signing.key is a key without its public one" in said
    assert not (tmp_path / "again" / "anchors.jsonl").exists()


def test_keys_that_cannot_be_believed_end_the_list_with_an_error(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    assert terminal.types("keys", "init").code == 0
    assert "None of them signs here" in terminal.types("keys", "list", RUL_SIGNING_KEY="none").out
    (public,) = (tmp_path / "home" / "keys").glob("*.pub.pem")
    public.unlink()
    broken = terminal.types("keys", "list")
    assert broken.code == 1
    assert "BROKEN: its public key is not in" in broken.out


def test_an_empty_home_holds_and_a_changed_one_does_not(tmp_path: Path):
    terminal = Terminal(tmp_path / "home")
    assert terminal.types("audit", "verify").out.endswith("All holds.\n")
    assert terminal.types("audit", "sign").code == 0
    found = terminal.reads("audit", "verify")
    assert (found["holds"], found["looked_at"]["ledger_rows"]) == (True, 1)
    anchors = tmp_path / "home" / "anchors.jsonl"
    line = json.loads(anchors.read_text().splitlines()[0])
    anchors.write_text(json.dumps(line | {"seq": 2}) + "\n")
    broken = terminal.types("audit", "verify")
    assert broken.code == 1
    assert "The records do not hold." in broken.out
    assert "anchor in the file, of row 2" in broken.out
