"""The steps of deploy/Dockerfile done without Docker, each stage in a tree of its own.

Of this machine the tree sees the system's /usr, a Python, how pip finds packages, and nothing else.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from rul_platform_tests.stack.dockerfile import Stage, stages

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PIP = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/ssl", "/etc/resolv.conf", "/etc/nsswitch.conf")
USERS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
    "shadow": "",
    "gshadow": "",
}


class Build:
    """Trees of stages below one folder; root's rights are needed, as a build has them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stages = folder, stages()

    def tree(self, name: str) -> Path:
        """The finished tree of a stage, made with all that it needs where it is not yet there."""
        tree = self._folder / name
        if tree.exists():
            return tree
        stage = self._stages[name]
        if stage.base in self._stages:
            shutil.copytree(self.tree(stage.base), tree, symlinks=True)
        else:
            (tree / "etc").mkdir(parents=True)
            for file, content in USERS.items():
                (tree / "etc" / file).write_text(content)
            for place in (Path("/") / one for one in ("bin", "lib", "lib64", "sbin")):
                if place.is_symlink():
                    (tree / place.name).symlink_to(place.readlink())
        workdir, copied = self._workdir(stage.base), iter(stage.copies())
        for kind, value in stage.steps:
            match kind:
                case "WORKDIR":
                    workdir = value
                    (tree / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
                case "RUN":
                    self.run(name, ["sh", "-ec", value], workdir=workdir)
                case "COPY" if value.startswith("--from="):
                    other, source, to = value.removeprefix("--from=").split()
                    _copy(self.tree(other) / source.lstrip("/"), tree / to.lstrip("/"))
                case "COPY":
                    for _ in value.split()[:-1]:
                        source, to = next(copied)
                        _copy(source, tree / Path(workdir, to).as_posix().lstrip("/"))
                case _:
                    pass
        return tree

    def run(self, name: str, argv: Iterable[str], *, workdir: str = "/", user: int = 0) -> str:
        """What a command in a stage's tree prints.

        Raises:
            CalledProcessError: It failed.
        """
        done = subprocess.run(
            self.command(name, argv, workdir=workdir, user=user), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{argv}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def command(
        self, name: str, argv: Iterable[str], *, workdir: str = "/", user: int = 0
    ) -> list[str]:
        """A command in a stage's tree, as one of bubblewrap."""
        who = ("--unshare-user", "--uid", str(user), "--gid", str(user)) if user else ()
        return [
            *("bwrap", "--bind", str(self._folder / name), "/", *_system(), *who),
            *("--unshare-pid", "--die-with-parent", "--chdir", workdir, "--clearenv"),
            *(part for pair in self._environment(name).items() for part in ("--setenv", *pair)),
            *("--", *argv),
        ]

    def _environment(self, name: str) -> dict[str, str]:
        """Of a stage and those beneath it; and what tells pip where packages are."""
        told = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}  # noqa: TID251
        told |= {"HOME": "/tmp", "PATH": f"{Path(sys.base_prefix) / 'bin'}:{SYSTEM_PATH}"}  # noqa: S108
        for stage in self._beneath(self._stages[name]):
            for key, value in stage.environment().items():
                told[key] = value.replace("$PATH", told["PATH"])
        return told

    def _workdir(self, name: str) -> str:
        """Where a stage ends, or an image of others begins."""
        beneath = self._beneath(self._stages[name]) if name in self._stages else ()
        named = [value for stage in beneath for kind, value in stage.steps if kind == "WORKDIR"]
        return named[-1] if named else "/"

    def _beneath(self, stage: Stage) -> list[Stage]:
        base = self._stages.get(stage.base)
        return [*(self._beneath(base) if base else ()), stage]


def _system() -> list[str]:
    found = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108
    for place in (sys.base_prefix, *PIP):
        if not place.startswith("/usr/"):
            found += ["--ro-bind-try", place, place]
    return found


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(
            source,
            to,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
            dirs_exist_ok=True,
        )
    else:
        shutil.copy(source, to / source.name if to.is_dir() else to)
