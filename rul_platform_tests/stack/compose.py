"""The compose file as services: what of it matters to a process that runs without a container."""

import re
import signal
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of this machine at a place in the service's own tree."""

    source: Path
    target: str
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class Health:
    """How a service is asked whether it works; durations in seconds."""

    test: tuple[str, ...]
    interval: float
    start_interval: float
    timeout: float
    retries: int
    start_period: float


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: Which is its host name, too.
        image: What it is made from, as ``name:tag``.
        target: The stage of the Dockerfile; None for an image of others.
        entrypoint: What runs instead of the image's own; None for that.
        command: What runs, or is given to the entrypoint.
        environment: Besides the image's own.
        user: Number of its user.
        mounts: Volumes, files and secrets.
        tmpfs: Places that are empty at each start.
        published: Ports of this machine, as (address, port there, port of the service).
        waits_for: Name of another service to the condition that it must meet.
        can_lack: Those of them that it waits for only where they run.
        health: None for a job.
        is_restarted: However it ended.
        stop_signal: What it is stopped by.
        grace: Seconds from there to SIGKILL.
        profiles: It runs where one of these is asked for; always where it has none.
        capabilities: What it keeps of root's rights.
    """

    name: str
    image: str
    target: str | None
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...]
    environment: Mapping[str, str]
    user: int
    mounts: tuple[Mount, ...]
    tmpfs: tuple[str, ...]
    published: tuple[tuple[str, int, int], ...]
    waits_for: Mapping[str, str]
    can_lack: frozenset[str]
    health: Health | None
    is_restarted: bool
    stop_signal: signal.Signals
    grace: float
    profiles: tuple[str, ...]
    capabilities: tuple[str, ...]

    def beside(self, others: Collection[str], without: Collection[str] = ()) -> "Service":
        """As it is where these services run and no others.

        Args:
            others: Their names.
            without: Names of those whose work is not needed here.
        """
        absent = self.can_lack.union(without).difference(others)
        waits_for = {name: then for name, then in self.waits_for.items() if name not in absent}
        return replace(self, waits_for=waits_for)


def read_compose(file: Path, environ: Mapping[str, str], *, volumes: Path) -> dict[str, Service]:
    """The services of a compose file.

    Args:
        file: The compose file.
        environ: What its variables stand for.
        volumes: Folder with one folder for each named volume.

    Raises:
        KeyError: A variable without a default is not given.
    """
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    told = _filled(told, environ)
    place = _Place(file.parent, volumes, told.get("secrets", {}))
    return {name: place.service(name, one) for name, one in told["services"].items()}


def seconds(duration: str) -> float:
    """A duration as compose writes it.

    >>> seconds("1m30s")
    90.0
    """
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h)", duration))


def _filled(value: Any, environ: Mapping[str, str]) -> Any:
    """With each variable replaced, wherever it stands."""
    if isinstance(value, dict):
        return {key: _filled(one, environ) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, environ) for one in value]
    if isinstance(value, str):
        return VARIABLE.sub(lambda found: environ.get(found[1]) or _default(found), value)
    return value


def _default(found: re.Match[str]) -> str:
    if found[2] is None:
        raise KeyError(found[1])
    return found[2]


@dataclass(frozen=True, slots=True)
class _Place:
    top: Path
    volumes: Path
    secrets: Mapping[str, Mapping[str, str]]

    def service(self, name: str, told: Mapping[str, Any]) -> Service:
        entrypoint, depends_on = told.get("entrypoint"), told.get("depends_on", {})
        return Service(
            name=name,
            image=told["image"],
            target=told["image"].split(":")[0].removeprefix("rul-")
            if told["image"].startswith("rul-")
            else None,
            entrypoint=tuple(entrypoint) if entrypoint else None,
            command=tuple(told.get("command", ())),
            environment={key: str(value) for key, value in told.get("environment", {}).items()},
            user=int(told["user"].split(":")[0]),
            mounts=(*map(self._volume, told.get("volumes", ())), *self._secrets(told)),
            tmpfs=tuple(told.get("tmpfs", ())),
            published=tuple(map(_published, told.get("ports", ()))),
            waits_for={other: wait["condition"] for other, wait in depends_on.items()},
            can_lack=frozenset(
                o for o, wait in depends_on.items() if wait.get("required") is False
            ),
            health=_health(told.get("healthcheck")),
            is_restarted=told["restart"] != "no",
            stop_signal=signal.Signals[told.get("stop_signal", "SIGTERM")],
            grace=seconds(told.get("stop_grace_period", "10s")),
            profiles=tuple(told.get("profiles", ())),
            capabilities=tuple(told.get("cap_add", ())),
        )

    def _volume(self, told: str) -> Mount:
        source, target, *mode = told.split(":")
        is_file = source.startswith(".")
        place = (self.top / source).resolve() if is_file else self.volumes / source
        return Mount(place, target, "ro" in mode)

    def _secrets(self, told: Mapping[str, Any]) -> list[Mount]:
        return [
            Mount((self.top / self.secrets[name]["file"]).resolve(), f"/run/secrets/{name}", True)
            for name in told.get("secrets", ())
        ]


def _published(told: str) -> tuple[str, int, int]:
    address, here, there = told.split(":")
    return address, int(here), int(there)


def _health(told: Mapping[str, Any] | None) -> Health | None:
    if told is None:
        return None
    return Health(
        test=tuple(told["test"][1:]),
        interval=seconds(told["interval"]),
        start_interval=seconds(told["start_interval"]),
        timeout=seconds(told["timeout"]),
        retries=told["retries"],
        start_period=seconds(told["start_period"]),
    )
