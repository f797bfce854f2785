"""Random bit flips in what a deployed version rests on: is each found before the version is used?

On a copy of a home: `python -m rul_platform_tests.benches.bench_bit_flips HOME PLANT [--times 1000]`.
Flips one bit at a time and puts it back: of the model, scaler, card, data, report, envelope, settings.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import sqlalchemy as sa

from rul_platform.operation.audit.decisions import Counted, decisions
from rul_platform.operation.audit.hashed import Hashed
from rul_platform.operation.audit.versions import of_version
from rul_platform.settings import Settings
from rul_platform.storage.database import writing
from rul_platform.storage.home import Home
from rul_platform.storage.models import ModelVersion


def main() -> None:
    """Flip, look, put back; print what was found of what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("plant")
    parser.add_argument("--times", type=int, default=1000)
    asked = parser.parse_args()
    home = Home(Settings.read({"RUL_HOME": str(asked.home)}))
    version = home.registry.champion(asked.plant)
    assert version is not None
    assert not list(of_version(home, version, Hashed()))
    random, flipped, found = Random(0), Counter[str](), Counter[str]()  # noqa: S311  the same each time
    kept = dict(files(home, version))
    for _ in range(asked.times):
        name = random.choice([*kept, "settings"])
        kind = name.split(":")[0]
        flipped[kind] += 1
        if name == "settings":
            found[kind] += is_found_in_settings(home, random)
        else:
            found[kind] += is_found_in_file(home, version, kept[name], random)
    print("| flipped bits in | times | found |\n|---|---|---|")
    for kind in sorted(flipped):
        print(f"| {kind} | {flipped[kind]} | {found[kind]} |")
    print(f"| all | {flipped.total()} | {found.total()} |")


def files(home: Home, version: ModelVersion) -> Iterator[tuple[str, Path]]:
    """Every file that the version rests on, by what it is."""
    artifacts = {f"model {version.sha256[:6]}": version.sha256}
    for step in home.lineage.ancestors(version.sha256):
        artifacts.setdefault(step.asset, step.sha256)
    for kept in home.provenance.of_version(version.plant, version.number):
        artifacts["envelope"] = kept.envelope
    gate = home.gates.latest(version.plant, version.number)
    assert gate is not None
    artifacts["report"] = gate.report
    for kind, sha256 in artifacts.items():
        yield f"{kind}:manifest", home.store.root / sha256[:2] / sha256
        for name, entry in home.store.artifact(sha256).files.items():
            yield f"{kind}:{name}", home.store.root / entry.sha256[:2] / entry.sha256


def is_found_in_file(home: Home, version: ModelVersion, path: Path, random: Random) -> bool:
    """Whether an audit of the version finds one flipped bit of a file."""
    data = path.read_bytes()
    changed = bytearray(data)
    changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(changed)
    try:
        gate = home.gates.latest(version.plant, version.number)
        assert gate is not None
        hashed = Hashed()
        return bool([*of_version(home, version, hashed), *hashed.problems(home, gate.report)])
    finally:
        path.write_bytes(data)


def is_found_in_settings(home: Home, random: Random) -> bool:
    """Whether one flipped bit of the stored settings is found, which their hash names."""
    with home.engine.connect() as connection:
        row = connection.execute(sa.text("SELECT sha256, settings FROM config_snapshot")).first()
    assert row is not None
    data = bytearray(row.settings.encode())
    data[random.randrange(len(data))] ^= 1 << random.randrange(7)
    written = sa.text("UPDATE config_snapshot SET settings = :s WHERE sha256 = :k")
    with writing(home.engine) as connection:
        connection.execute(sa.text("DROP TRIGGER IF EXISTS config_snapshot_update"))
        connection.execute(written, {"s": data.decode(errors="replace"), "k": row.sha256})
    try:
        return any(each.part == "settings" for each in decisions(home, Counted()))
    finally:
        with writing(home.engine) as connection:
            connection.execute(written, {"s": row.settings, "k": row.sha256})


if __name__ == "__main__":
    main()
