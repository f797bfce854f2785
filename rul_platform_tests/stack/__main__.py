"""`python -m rul_platform_tests.stack`: docker-compose.yml without Docker (`make stack`)."""

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from rul_platform_tests.stack.compose import Service, read_compose
from rul_platform_tests.stack.dockerfile import TOP
from rul_platform_tests.stack.gateway import relay, to_socket
from rul_platform_tests.stack.images import Image, image_of
from rul_platform_tests.stack.process import Process
from rul_platform_tests.stack.sandbox import Sandbox
from rul_platform_tests.stack.supervisor import Supervisor

FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=TOP / ".stack",
    help="Volumes, secrets and logs of the stack.  [default: .stack]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def stack() -> None:
    """The services of docker-compose.yml on this machine, without Docker."""


@stack.command()
@FOLDER
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    help="As of docker compose, with COMPOSE_PROFILES in its place; repeat for several.",
)
def up(folder: Path, profiles: tuple[str, ...]) -> None:
    """Run the stack until Ctrl-C; what it stored stays in its folder."""
    if shutil.which("bwrap") is None:
        msg = "bubblewrap is needed (on Debian: apt-get install bubblewrap nginx-light prometheus)."
        raise click.ClickException(msg)
    named = os.environ.get("COMPOSE_PROFILES", "")  # noqa: TID251  a door of its own
    profiles = profiles or tuple(filter(None, named.split(",")))
    folder = folder.resolve()
    secrets = folder / "secrets"
    subprocess.run(["sh", TOP / "deploy/compose/make_secrets.sh", secrets], check=True)
    with tempfile.TemporaryDirectory(prefix="rul-stack-") as sockets:
        (folder / "sockets").write_text(sockets)
        asyncio.run(_outside(folder, Path(sockets), profiles))


@stack.command()
@FOLDER
@click.option("--profile", "profiles", multiple=True)
@click.option("--sockets", type=click.Path(path_type=Path), required=True)
def inside(folder: Path, profiles: tuple[str, ...], sockets: Path) -> None:
    """What `up` starts in the stack's own network."""
    asyncio.run(_inside(folder, sockets, profiles))


@stack.command()
@FOLDER
def status(folder: Path) -> None:
    """How each service is, as JSON."""
    click.echo(json.dumps(ask(folder, {"ask": "status"}), indent=2))


@stack.command("exec", context_settings={"allow_interspersed_args": False})
@FOLDER
@click.option("--timeout", type=float, default=600.0, show_default=True, help="Seconds.")
@click.argument("service")
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED)
def execute(folder: Path, timeout: float, service: str, argv: tuple[str, ...]) -> None:
    """Run a command in the sandbox of SERVICE, as `docker compose exec` does.

    What follows SERVICE is the command's own, options too.
    """
    question = {"ask": "exec", "service": service, "argv": argv, "timeout": timeout}
    answer = ask(folder, question)
    sys.stdout.buffer.write(base64.b64decode(answer["out"]))
    sys.stderr.buffer.write(base64.b64decode(answer["errors"]))
    sys.exit(answer["code"])


@stack.command()
@FOLDER
@click.option("--signal", "number", type=int, default=signal.SIGKILL, show_default=True)
@click.argument("service")
def kill(folder: Path, number: int, service: str) -> None:
    """Send SERVICE a signal; it is started again."""
    click.echo(json.dumps(ask(folder, {"ask": "kill", "service": service, "signal": number})))


def ask(folder: Path, question: dict[str, Any]) -> dict[str, Any]:
    """What the supervisor answers.

    Raises:
        click.ClickException: No stack runs there.
    """
    try:
        where = Path((folder / "sockets").read_text()) / "control"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(where))
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as answer:
                return json.loads(answer.readline())
    except OSError as error:
        msg = f"No stack runs in {folder}: `make stack` starts one."
        raise click.ClickException(msg) from error


async def _outside(folder: Path, sockets: Path, profiles: tuple[str, ...]) -> None:
    """Start the supervisor in a network of its own, and let the published ports lead there."""
    services, _ = _services(folder, profiles)
    doors = []
    for service in services.values():
        for address, here, _ in service.published:
            doors.append(await relay((address, here), to_socket(sockets / str(here))))
    own = ["--unshare-net", "--dev-bind", "/", "/", "--die-with-parent", "--"]
    where = ["--folder", str(folder), "--sockets", str(sockets)]
    asked = [part for profile in profiles for part in ("--profile", profile)]
    program = [sys.executable, "-m", "rul_platform_tests.stack", "inside"]
    process = await asyncio.create_subprocess_exec(
        "bwrap", *own, *program, *where, *asked, cwd=TOP, start_new_session=True
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _pass_on, process.pid)
    await process.wait()
    for door in doors:
        door.close()


def _pass_on(bwrap: int) -> None:
    """Tell the supervisor to stop: bubblewrap itself would only die."""
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        for child in Path(f"/proc/{bwrap}/task/{bwrap}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)


async def _inside(folder: Path, sockets: Path, profiles: tuple[str, ...]) -> None:
    services, images = _services(folder, profiles)
    (folder / "logs").mkdir(exist_ok=True)
    etc = _etc(folder, services)
    processes = {
        name: Process(Sandbox(service, images[name], etc), folder / "logs" / f"{name}.log")
        for name, service in services.items()
    }
    for name, image in images.items():
        click.echo(f"{name}: {services[name].image} is {image.says}")
    await Supervisor(processes, sockets).run()


def _services(
    folder: Path, profiles: tuple[str, ...]
) -> tuple[dict[str, Service], dict[str, Image]]:
    """The services that can run here, and what stands for their images.

    Nobody has a capability here; those that need one make folders somebody's, and here all are ours.
    """
    environ = {**os.environ, "RUL_SECRETS": str(folder / "secrets")}  # noqa: TID251  a door of its own
    told = read_compose(TOP / "docker-compose.yml", environ, volumes=folder / "volumes")
    capable = {name for name, one in told.items() if one.capabilities}
    wanted = {
        name: one
        for name, one in told.items()
        if name not in capable and (not one.profiles or set(one.profiles) & set(profiles))
    }
    images = {name: image_of(one.image, one.target) for name, one in wanted.items()}
    for name in [name for name, image in images.items() if image is None]:
        del wanted[name]
    for mount in (mount for one in wanted.values() for mount in one.mounts):
        if folder / "volumes" in mount.source.parents:
            mount.source.mkdir(parents=True, exist_ok=True)
    running = {name: one.beside(wanted, without=capable) for name, one in wanted.items()}
    return running, {name: image for name in wanted if (image := images[name]) is not None}


def _etc(folder: Path, services: dict[str, Service]) -> Path:
    """Names of hosts and users, as every sandbox sees them."""
    etc = folder / "etc"
    etc.mkdir(exist_ok=True)
    users = sorted({service.user for service in services.values()})
    (etc / "hosts").write_text("127.0.0.1 localhost " + " ".join(services) + "\n")
    (etc / "passwd").write_text("".join(f"u{n}:x:{n}:{n}::/tmp:/bin/sh\n" for n in users))
    (etc / "group").write_text("".join(f"u{n}:x:{n}:\n" for n in users))
    return etc


if __name__ == "__main__":
    stack()
