"""A service as a command of bubblewrap: the tree, user, environment and host names of its container.

What the compose file asks of a container holds here as well: nothing but volumes and tmpfs can be
written, no capability is kept, the user is a number without rights, processes of others cannot be
seen. Limits of CPU and memory are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rul_platform_tests.stack.compose import Mount, Service
from rul_platform_tests.stack.images import Image

ETC = ("alternatives", "ca-certificates", "localtime", "mime.types", "nsswitch.conf", "ssl")
ROOT = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where a service runs.

    Attributes:
        service: Which one.
        image: What stands for its image.
        etc: Folder with the ``hosts``, ``passwd`` and ``group`` of the stack.
    """

    service: Service
    image: Image
    etc: Path

    def argv(self) -> list[str]:
        """The service's own command."""
        entrypoint = self.service.entrypoint
        if entrypoint is None:
            entrypoint = self.image.entrypoint
        return [*entrypoint, *(self.service.command or self.image.command)]

    def command(self, argv: Iterable[str], *extra: str) -> list[str]:
        """``argv`` in the sandbox; ``extra`` are more options of bubblewrap."""
        return [
            "bwrap",
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session"),
            *("--die-with-parent", "--cap-drop", "ALL"),
            *("--uid", str(self.service.user), "--gid", str(self.service.user)),
            *("--hostname", self.service.name),
            *self._system(),
            *(part for mount in self._mounts() for part in _bound(mount)),
            *("--remount-ro", "/", "--chdir", self.image.workdir, "--clearenv"),
            *(part for pair in self._environment().items() for part in ("--setenv", *pair)),
            *extra,
            "--",
            *argv,
        ]

    def _system(self) -> list[str]:
        """What every container has of an operating system."""
        found = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
        for name in ROOT:
            place = Path("/") / name
            if place.is_symlink():
                found += ["--symlink", str(place.readlink()), str(place)]
            elif place.is_dir():
                found += ["--ro-bind", str(place), str(place)]
        for name in ETC:
            found += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        for name in ("hosts", "passwd", "group"):
            found += ["--ro-bind", str(self.etc / name), f"/etc/{name}"]
        for place in self.service.tmpfs:
            found += ["--tmpfs", place]
        return found

    def _mounts(self) -> list[Mount]:
        """A folder before what lies in it."""
        return sorted((*self.image.mounts, *self.service.mounts), key=lambda one: one.target)

    def _environment(self) -> dict[str, str]:
        return {"HOME": "/tmp", **self.image.environment, **self.service.environment}  # noqa: S108


def _bound(mount: Mount) -> tuple[str, str, str]:
    return "--ro-bind" if mount.is_read_only else "--bind", str(mount.source), mount.target
