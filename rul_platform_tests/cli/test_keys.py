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
