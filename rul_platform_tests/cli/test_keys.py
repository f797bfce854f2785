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
    place, backup, safe = (
        str(tmp_path / "apart" / "our.key"),
        *map(str, (tmp_path / "b", tmp_path / "s")),
    )
    made = terminal.types("keys", "init", RUL_SIGNING_KEY=place)
    assert f"It lies in {place}." in made.out
    keyless = terminal.types("backup", backup, "--keys", f"{safe}2", RUL_SIGNING_KEY="none")
    assert "Whoever has them can name people." in keyless.out
    assert "Not among them: the key that signs (RUL_SIGNING_KEY is none here)." in keyless.err
    saved = terminal.types("backup", f"{backup}2", "--keys", safe, RUL_SIGNING_KEY=place)
    assert (saved.code, saved.err) == (0, "")
    assert "2 keys are" in saved.out

    there = again.types("restore", backup, "--keys", safe, RUL_SIGNING_KEY=place)
    assert there.code == 0, there.err  # the very same key is no hindrance
    assert f"The one that signs is {place}." in there.out
    assert again.types("keys", "rotate", "--reason", "yearly", RUL_SIGNING_KEY=place).code == 0
    other = Terminal(tmp_path / "other")
    said = other.is_refused("restore", backup, "--keys", safe, RUL_SIGNING_KEY=place)
    assert f"{place} is another key" in said
    assert not (tmp_path / "other" / "plants").exists()
    assert other.types("audit", "verify").out.endswith("All holds.\n"), "nothing was restored"


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
