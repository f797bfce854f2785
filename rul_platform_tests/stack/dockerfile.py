"""deploy/Dockerfile, read: its stages, and what each of them does."""

import io
import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage.

    Attributes:
        name: By which others refer to it.
        base: The stage or the image that it starts from.
        steps: Instructions after FROM, as (name in capitals, the rest).
    """

    name: str
    base: str
    steps: tuple[tuple[str, str], ...]

    def environment(self) -> dict[str, str]:
        """What it adds to the environment, with ``$PATH`` as it is written."""
        pairs = [pair for kind, value in self.steps if kind == "ENV" for pair in shlex.split(value)]
        return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}

    def words(self, kind: str) -> tuple[str, ...]:
        """Words of its ENTRYPOINT or CMD; none where it has none."""
        return next((tuple(json.loads(value)) for one, value in self.steps if one == kind), ())

    def copies(self) -> list[tuple[Path, str]]:
        """What it takes from the checkout, and where to."""
        return [
            (TOP / source, to + Path(source).name if to.endswith("/") else to)
            for kind, value in self.steps
            if kind == "COPY" and not value.startswith("--from")
            for *sources, to in [value.split()]
            for source in sources
        ]


def stages() -> dict[str, Stage]:
    """All stages by name."""
    found: list[Stage] = []
    text = io.BytesIO((TOP / "deploy" / "Dockerfile").read_bytes())
    for one in DockerfileParser(fileobj=text).structure:
        kind, value = one["instruction"], one["value"]
        if kind == "FROM":
            base, _, name = value.split()
            found.append(Stage(name, base, ()))
        elif kind != "COMMENT":
            last = found.pop()
            found.append(Stage(last.name, last.base, (*last.steps, (kind, value))))
    return {stage.name: stage for stage in found}


def lineage(name: str) -> list[Stage]:
    """A stage and those that it starts from, lowest first."""
    known = stages()
    found = [known[name]]
    while found[0].base in known:
        found.insert(0, known[found[0].base])
    return found
