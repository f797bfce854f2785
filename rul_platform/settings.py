"""Deployment settings: where things live on this machine.

The table below is all of them. ``Settings.read(environ)`` checks them all at once; only the doors
(command line, Dagster's code location) call it, with the process environment.
"""

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from rul_platform.errors import SettingsError

DATABASES = ("sqlite:///", "postgresql:", "postgresql+psycopg2:")

NASA_ARCHIVE = (
    "https://phm-datasets.s3.amazonaws.com/NASA/"
    "6.+Turbofan+Engine+Degradation+Simulation+Data+Set.zip"
)
"""Data set 6 of NASA's prognostics data repository; a zip inside a zip."""

CHANNELS = (
    "RUL_ALERT_WEBHOOK",
    "RUL_ALERT_SLACK",
    "RUL_ALERT_TEAMS",
    "RUL_ALERT_SMTP",
    "RUL_ALERT_APPRISE",
)
"""Of these an empty file is none, since a container's secret is a file that is there. What signs is not
among them: who names a file for it believes that it signs."""

SECRETS = (
    *CHANNELS,
    "RUL_ALERT_WEBHOOK_SECRET",
    "RUL_DATABASE_URL",
    "RUL_DATABASE_PASSWORD",
    "RUL_MLFLOW_URI",
)
"""What may come from a file as well, as containers and systemd hand over secrets: ``NAME_FILE``."""

NO_KEY = "none"
"""In the place of a key's file: this process signs nothing, and makes no key."""

ExecutorName = Literal["in_process", "multiprocess", "ray"]
EXECUTORS: tuple[ExecutorName, ...] = get_args(ExecutorName)

DEFAULT_CACHE_MB = 4096
"""Copies of a bucket's files on this machine; some hundred models with what they learned from."""
LEAST_CACHE_MB = 100

DEFAULT_POOL_SIZE, DEFAULT_POOL_OVERFLOW = 5, 5
"""Connections that a process keeps, and how many more it opens while all of those are in use."""
DEFAULT_POOL_WAIT_SECONDS = 10
"""Shorter than a caller waits for an answer: 503 tells it to come again."""
DEFAULT_POOL_RECYCLE_SECONDS = 1800
"""Before firewalls and proxies forget a connection that says nothing; the usual limit is an hour."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]*", re.ASCII)

WEBHOOK_SECRET, WEBHOOK_SECRET_BYTES = "whsec_", range(24, 65)
"""How a secret of Standard Webhooks begins, before its base64, and how long its key may be."""

MLFLOW_PREFIX = "rul_"
_MLFLOW_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SMTP_PORT, SMTPS_PORT = 587, 465
"""Where mail is handed in: with STARTTLS, and with TLS from the beginning (RFC 8314)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where and how alerts are handed in as mail.

    Attributes:
        host: Its name.
        port: Its port.
        is_encrypted: TLS from the beginning; otherwise by STARTTLS where the server offers it.
        user: None where the server asks for none.
        password: None where the server asks for none.
        sender: Address that mails come from.
        recipients: Addresses that mails go to, at least one.
    """

    host: str
    port: int
    is_encrypted: bool
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """How many connections to PostgreSQL a process may have; SQLite knows no such limit.

    Attributes:
        size: ``RUL_DATABASE_POOL_SIZE``: how many are kept open, at least 1.
        overflow: ``RUL_DATABASE_POOL_OVERFLOW``: how many more are opened while those are in use.
        wait_seconds: ``RUL_DATABASE_POOL_WAIT``: how long one is waited for while all are in use.
        recycle_seconds: ``RUL_DATABASE_POOL_RECYCLE``: how old one may become.
    """

    size: int = DEFAULT_POOL_SIZE
    overflow: int = DEFAULT_POOL_OVERFLOW
    wait_seconds: int = DEFAULT_POOL_WAIT_SECONDS
    recycle_seconds: int = DEFAULT_POOL_RECYCLE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things live. What may hold a secret is left out of the representation.

    Attributes:
        home: ``RUL_HOME``, default ``.rul``: artifacts, tables, plants and the embedded instance.
        database_url: ``RUL_DATABASE_URL``, a SQLAlchemy URL; None for SQLite in the home folder.
            ``RUL_DATABASE_PASSWORD`` goes into it where the URL holds none.
        pool: ``RUL_DATABASE_POOL_*``: how many connections to that database.
        cmapss: ``RUL_CMAPSS``: a zip or folder with NASA's twelve files, or None.
        cmapss_url: ``RUL_CMAPSS_URL``: where the published archive is; NASA's address by default.
            Empty switches the download off.
        filters: ``RUL_FILTERS``: a zip or folder with the filter-clogging runs, or None.
        store: ``RUL_STORE``: ``s3://bucket/prefix`` for the artifacts; None for ``store`` in the home
            folder.
        store_endpoint: ``RUL_STORE_ENDPOINT``: URL of a server that speaks S3; None for AWS.
        store_cache_mb: ``RUL_STORE_CACHE_MB``: what copies of a bucket's files may take in the home
            folder, in MiB.
        retrain_config: ``RETRAIN_CONFIG``: a JSON file with retraining settings; None for
            ``retrain.json`` in the home folder, where there is one.
        retrain_environ: Every other variable that begins with ``RETRAIN_``; ``core.policy`` reads them.
        keys: ``RUL_KEYS``: a folder for the keys of people's pseudonyms, best on another disk than the
            database; None for ``keys`` in the home folder.
        signing_key: ``RUL_SIGNING_KEY``: the file of the key that signs; None for ``signing.key`` beside
            those keys.
        is_signer: Whether this process may sign: not where ``RUL_SIGNING_KEY`` is ``none``.
        dagster_home: ``DAGSTER_HOME``, as Dagster reads it: the folder of the instance in force where it
            holds a ``dagster.yaml``; None for the home folder's own.
        alert_webhook: ``RUL_ALERT_WEBHOOK``: a URL that takes alerts as JSON, or None.
        alert_webhook_secrets: ``RUL_ALERT_WEBHOOK_SECRET``: keys that sign what goes there, given as
            ``whsec_`` and base64, with spaces between them; several while one takes another's place.
        alert_slack: ``RUL_ALERT_SLACK``: a Slack incoming webhook, or None.
        alert_teams: ``RUL_ALERT_TEAMS``: the URL of a Teams workflow, or None.
        alert_smtp: ``RUL_ALERT_SMTP``: ``smtp[s]://user:password@host:port/?from=..&to=..``, or None.
        alert_apprise: ``RUL_ALERT_APPRISE``: Apprise's URLs, with spaces between them.
        otlp_endpoint: ``OTEL_EXPORTER_OTLP_ENDPOINT``: base URL of an OpenTelemetry collector that takes
            OTLP over HTTP, or None.
        mlflow_uri: ``RUL_MLFLOW_URI``: URL of an MLflow server that versions are exported to, or None.
        mlflow_prefix: ``RUL_MLFLOW_PREFIX``: stands before a plant's name in the names of its experiment
            and registered model there.
        executor: ``RUL_EXECUTOR``: where Dagster's runs carry out their steps: in the run's own process,
            in processes of their own on this machine (the default), or on the nodes of a Ray cluster.
        ray_address: ``RUL_RAY_ADDRESS``: URL of that cluster's job server; None where none is used.
        training_cpus: ``RUL_TRAINING_CPUS``: how many cores a cluster keeps free for a step that trains;
            None where nobody said.
        training_gpus: ``RUL_TRAINING_GPUS``: likewise, graphics processors; of Ray also a part of one.
    """

    home: Path
    database_url: str | None = field(repr=False)
    cmapss: Path | None
    cmapss_url: str
    filters: Path | None
    pool: Pool = field(default_factory=Pool)
    store: str | None = None
    store_endpoint: str | None = None
    store_cache_mb: int = DEFAULT_CACHE_MB
    retrain_config: Path | None = None
    retrain_environ: Mapping[str, str] = field(default_factory=dict[str, str])
    keys: Path | None = None
    signing_key: Path | None = None
    is_signer: bool = True
    dagster_home: Path | None = None
    alert_webhook: str | None = field(default=None, repr=False)
    alert_webhook_secrets: tuple[bytes, ...] = field(default=(), repr=False)
    alert_slack: str | None = field(default=None, repr=False)
    alert_teams: str | None = field(default=None, repr=False)
    alert_smtp: MailServer | None = field(default=None, repr=False)
    alert_apprise: tuple[str, ...] = field(default=(), repr=False)
    otlp_endpoint: str | None = field(default=None, repr=False)
    mlflow_uri: str | None = field(default=None, repr=False)
    mlflow_prefix: str = MLFLOW_PREFIX
    executor: ExecutorName = "multiprocess"
    ray_address: str | None = None
    training_cpus: float | None = None
    training_gpus: float = 0.0

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check all settings. Each of ``SECRETS`` may come from a file.

        Raises:
            SettingsError: A value is not what its setting allows.
        """
        environ = _with_secrets_from_files(environ)
        executor = _executor(environ)
        home = _folder("RUL_HOME", environ.get("RUL_HOME") or ".rul")
        keys = _folder("RUL_KEYS", found) if (found := environ.get("RUL_KEYS")) else None
        return cls(
            home=home,
            database_url=_database_url(environ),
            pool=_pool(environ),
            cmapss=_existing("RUL_CMAPSS", environ),
            cmapss_url=environ.get("RUL_CMAPSS_URL", NASA_ARCHIVE),
            filters=_existing("RUL_FILTERS", environ),
            store=store_url("RUL_STORE", environ.get("RUL_STORE") or None),
            store_endpoint=_server("RUL_STORE_ENDPOINT", environ, what="a server that speaks S3"),
            store_cache_mb=_whole(
                "RUL_STORE_CACHE_MB", environ, DEFAULT_CACHE_MB, least=LEAST_CACHE_MB, of=" of MiB"
            ),
            retrain_config=_existing("RETRAIN_CONFIG", environ, expected="a JSON file that exists"),
            retrain_environ={
                key: value
                for key, value in environ.items()
                if key.startswith("RETRAIN_") and key != "RETRAIN_CONFIG"
            },
            keys=keys,
            signing_key=_signing_key(environ, home, keys),
            is_signer=environ.get("RUL_SIGNING_KEY") != NO_KEY,
            dagster_home=Path(found) if (found := environ.get("DAGSTER_HOME")) else None,
            alert_webhook=_web_address("RUL_ALERT_WEBHOOK", environ),
            alert_webhook_secrets=_webhook_secrets("RUL_ALERT_WEBHOOK_SECRET", environ),
            alert_slack=_web_address("RUL_ALERT_SLACK", environ),
            alert_teams=_web_address("RUL_ALERT_TEAMS", environ),
            alert_smtp=_mail_server("RUL_ALERT_SMTP", environ),
            alert_apprise=tuple(environ.get("RUL_ALERT_APPRISE", "").split()),
            otlp_endpoint=_server("OTEL_EXPORTER_OTLP_ENDPOINT", environ, what="a collector"),
            mlflow_uri=_server("RUL_MLFLOW_URI", environ, what="an MLflow server"),
            mlflow_prefix=_mlflow_prefix("RUL_MLFLOW_PREFIX", environ),
            executor=executor,
            ray_address=_ray_address(environ, is_needed=executor == "ray"),
            training_cpus=_amount("RUL_TRAINING_CPUS", environ, is_zero_allowed=False),
            training_gpus=_amount("RUL_TRAINING_GPUS", environ, is_zero_allowed=True) or 0.0,
        )

    def for_service(self) -> "Settings":
        """What ``rul serve`` goes by: on PostgreSQL it signs nothing.

        Dagster's code server comes to the same tables and signs for both. A key that the service made
        would be one that the ledger tells of and nobody else has.
        """
        return replace(self, is_signer=False) if self.postgresql_url is not None else self

    @property
    def postgresql_url(self) -> str | None:
        """Where a PostgreSQL holds the tables; None where SQLite does."""
        url = self.database_url
        return url if url is not None and url.startswith("postgresql") else None


def store_url(key: str, value: str | None) -> str | None:
    """Where artifacts lie: a bucket's URL, or None for the home folder.

    Raises:
        SettingsError: It is no bucket that the platform was tested with.
    """
    if value is None:
        return None
    expected = "s3://bucket/prefix, without credentials in it; empty for the home folder"
    url = _split(key, value, expected=expected)
    if url.scheme != "s3":
        found = f"{url.scheme}://…" if url.scheme and url.netloc else "no URL"
        raise SettingsError(key, found=found, expected=f"{expected} (only s3:// was tested)")
    prefix = url.path.strip("/")
    is_plain = not (url.query or url.fragment) and _PREFIX.fullmatch(prefix) and "//" not in prefix
    if not _BUCKET.fullmatch(url.netloc) or not is_plain or {"..", "."} & set(prefix.split("/")):
        raise SettingsError(key, found="s3://…", expected=expected)
    return f"s3://{url.netloc}/{prefix}".rstrip("/")


def _pool(environ: Mapping[str, str]) -> Pool:
    of = " of seconds"
    return Pool(
        size=_whole("RUL_DATABASE_POOL_SIZE", environ, DEFAULT_POOL_SIZE, least=1),
        overflow=_whole("RUL_DATABASE_POOL_OVERFLOW", environ, DEFAULT_POOL_OVERFLOW, least=0),
        wait_seconds=_whole(
            "RUL_DATABASE_POOL_WAIT", environ, DEFAULT_POOL_WAIT_SECONDS, least=1, of=of
        ),
        recycle_seconds=_whole(
            "RUL_DATABASE_POOL_RECYCLE", environ, DEFAULT_POOL_RECYCLE_SECONDS, least=1, of=of
        ),
    )


def _whole(key: str, environ: Mapping[str, str], default: int, *, least: int, of: str = "") -> int:
    """A whole number of whatever."""
    value = environ.get(key)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and int(value) >= least):
        expected = f"a whole number{of}, {least} or more"
        raise SettingsError(key, found=value, expected=expected)
    return int(value)


def _folder(key: str, value: str) -> Path:
    """A folder, or the place where it can be made."""
    expected = "a folder, or a place for a new one"
    folder = _resolved(key, value, expected=expected)
    nearest = _nearest(folder)
    if not nearest.is_dir():
        trouble = "" if nearest == folder else f"; {nearest} is none"
        raise SettingsError(key, found=str(folder), expected=expected + trouble)
    return folder


def _nearest(path: Path) -> Path:
    """Of a path and what is above it, what exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _signing_key(environ: Mapping[str, str], home: Path, keys: Path | None) -> Path | None:
    """A key's file, or a place for one: away from what is backed up, and from other keys."""
    key, value = "RUL_SIGNING_KEY", environ.get("RUL_SIGNING_KEY")
    if not value or value == NO_KEY:
        return None
    expected = (
        f"the whole path of a key's file, outside of the home folder and of RUL_KEYS, or {NO_KEY!r}; "
        "empty for signing.key among the other keys"
    )
    if not value.startswith(("/", "~")):  # another word for none, or another place in each folder
        raise SettingsError(key, found=value, expected=expected)
    file = _resolved(key, value, expected=expected)
    inside = (home, keys or (home / "keys").resolve())
    if file.is_dir() or any(file.is_relative_to(folder) for folder in inside):
        raise SettingsError(key, found=str(file), expected=expected)
    if not (above := _nearest(file.parent)).is_dir():
        raise SettingsError(key, found=str(file), expected=f"{expected} ({above} is no folder)")
    return file


def _with_secrets_from_files(environ: Mapping[str, str]) -> Mapping[str, str]:
    """With each secret whose file is named, without the line's end that editors put there."""
    named = [key for key in SECRETS if environ.get(f"{key}_FILE")]
    return {**environ, **{key: _secret(key, environ) for key in named}}


def _secret(name: str, environ: Mapping[str, str]) -> str:
    """What stands in the secret's file."""
    key, expected = f"{name}_FILE", "a text file with the secret alone"
    file = environ[key]
    if environ.get(name):
        both = f"left out, since {name} is given, or {name} left out"
        raise SettingsError(key, found=file, expected=both)
    try:
        secret = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:  # ValueError: no UTF-8, or a path with NUL in it
        trouble = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(key, found=file, expected=f"{expected} ({trouble})") from None
    if secret.strip():
        return secret
    if name not in CHANNELS:
        raise SettingsError(key, found=file, expected=f"{expected} (it is empty)")
    return ""


def _database_url(environ: Mapping[str, str]) -> str | None:
    value, password = environ.get("RUL_DATABASE_URL"), environ.get("RUL_DATABASE_PASSWORD")
    if value and not value.startswith(DATABASES):
        scheme = value.split(":", 1)[0]  # the rest may hold a password
        found = f"{scheme}:…" if scheme != value else "no URL"
        expected = "a sqlite:/// or postgresql:// URL"
        raise SettingsError("RUL_DATABASE_URL", found=found, expected=expected)
    return _with_password(value or "", password) if password else value or None


def _with_password(value: str, password: str) -> str:
    """The URL of a server with the password that was given apart from it."""
    expected = "left out, or RUL_DATABASE_URL a postgresql://USER@HOST/NAME without a password"
    url = _split("RUL_DATABASE_URL", value, expected="a sqlite:/// or postgresql:// URL")
    if not url.username or url.password is not None:
        raise SettingsError("RUL_DATABASE_PASSWORD", found="…", expected=expected)
    user, _, host = url.netloc.rpartition("@")
    return url._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _existing(
    key: str, environ: Mapping[str, str], *, expected: str = "a zip or a folder that exists"
) -> Path | None:
    """A path that must exist when it is given."""
    value = environ.get(key)
    if not value:
        return None
    path = _resolved(key, value, expected=expected)
    if not path.exists():
        raise SettingsError(key, found=value, expected=expected)
    return path


def _resolved(key: str, value: str, *, expected: str) -> Path:
    """The whole path, which the system must let us look at."""
    try:
        path = Path(value).expanduser().resolve()
        path.exists()
    except (OSError, RuntimeError) as error:  # no permission; no such user; links in a circle
        trouble = getattr(error, "strerror", None) or str(error)
        raise SettingsError(key, found=value, expected=f"{expected} ({trouble})") from error
    return path


def _web_address(key: str, environ: Mapping[str, str]) -> str | None:
    """A URL to send to. It is a secret as a whole: who knows it can send, too."""
    value = environ.get(key)
    if not value:
        return None
    expected = "an https:// URL (http:// is for this machine alone)"
    url = _split(key, value, expected=expected)
    if not url.hostname or any(character.isspace() for character in value):
        raise SettingsError(key, found="no URL", expected=expected)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise SettingsError(key, found=f"{url.scheme}://…", expected=expected)
    return value


def _webhook_secrets(key: str, environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """The keys themselves; not without an address, since who sets one believes that it signs.

    An address may be wanting where its file is named: with it the key waits for what is written there.
    """
    given = environ.get(key, "").split()
    address = environ.get("RUL_ALERT_WEBHOOK") or environ.get("RUL_ALERT_WEBHOOK_FILE")
    if given and not address:
        expected = "left out, or RUL_ALERT_WEBHOOK the address whose deliveries it signs"
        raise SettingsError(key, found="…", expected=expected)
    return tuple(_webhook_secret(key, each) for each in given)


def _webhook_secret(key: str, secret: str) -> bytes:
    shortest, longest = WEBHOOK_SECRET_BYTES[0], WEBHOOK_SECRET_BYTES[-1]
    expected = f"{WEBHOOK_SECRET} and {shortest} to {longest} random bytes in base64"
    if not secret.startswith(WEBHOOK_SECRET):
        raise SettingsError(key, found=f"without {WEBHOOK_SECRET} in front", expected=expected)
    try:
        found = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET), validate=True)
    except ValueError:
        raise SettingsError(key, found="no base64", expected=expected) from None
    if len(found) not in WEBHOOK_SECRET_BYTES:
        raise SettingsError(key, found=f"{len(found)} bytes", expected=expected)
    return found


def _server(key: str, environ: Mapping[str, str], *, what: str) -> str | None:
    """A URL that may be plain HTTP: such a server stands beside the service, and hears of no person."""
    value = environ.get(key)
    if not value:
        return None
    expected = f"the http:// or https:// URL of {what}"
    url = _split(key, value, expected=expected)
    if not url.hostname or url.scheme not in ("http", "https") or value.split() != [value]:
        found = f"{url.scheme}://…" if url.scheme and url.hostname else "no URL"
        raise SettingsError(key, found=found, expected=expected)
    return value


def _mlflow_prefix(key: str, environ: Mapping[str, str]) -> str:
    value = environ.get(key) or MLFLOW_PREFIX
    if _MLFLOW_PREFIX.fullmatch(value) is None:
        expected = "1 to 64 letters, digits, dots, hyphens or underscores"
        raise SettingsError(key, found=value, expected=expected)
    return value


def _executor(environ: Mapping[str, str]) -> ExecutorName:
    value = environ.get("RUL_EXECUTOR") or "multiprocess"
    for known in EXECUTORS:
        if value == known:
            return known
    raise SettingsError("RUL_EXECUTOR", found=value, expected=f"one of {', '.join(EXECUTORS)}")


def _ray_address(environ: Mapping[str, str], *, is_needed: bool) -> str | None:
    """The job server of Ray's dashboard, which speaks HTTP; not the address that nodes join by."""
    key, value = "RUL_RAY_ADDRESS", environ.get("RUL_RAY_ADDRESS")
    expected = "the URL of the cluster's job server, as http://head:8265"
    if not value:
        if is_needed:
            raise SettingsError(key, found="", expected=f"{expected}, with RUL_EXECUTOR=ray")
        return None
    url = _split(key, value, expected=expected)
    if not url.hostname or url.scheme not in ("http", "https") or url.username is not None:
        found = f"{url.scheme}://…" if url.scheme and url.hostname else "no URL"
        raise SettingsError(key, found=found, expected=expected)
    return value


def _amount(key: str, environ: Mapping[str, str], *, is_zero_allowed: bool) -> float | None:
    """A number of cores or the like; None where nothing is said."""
    value = environ.get(key)
    if not value:
        return None
    try:
        amount = float(value)
    except ValueError:
        amount = math.nan
    is_enough = amount >= 0 if is_zero_allowed else amount > 0
    if not is_enough or math.isinf(amount):
        expected = "a number, 0 or more" if is_zero_allowed else "a number above 0"
        raise SettingsError(key, found=value, expected=expected)
    return amount


def _mail_server(key: str, environ: Mapping[str, str]) -> MailServer | None:
    value = environ.get(key)
    if not value:
        return None
    expected = "smtp[s]://user:password@host:port/?from=ADDRESS&to=ADDRESS,ADDRESS"
    url = _split(key, value, expected=expected)
    asked = parse_qs(url.query.replace("+", "%2B"))  # a plus in an address is no space
    senders, recipients = (
        [one.strip() for group in asked.get(name, []) for one in group.split(",") if one.strip()]
        for name in ("from", "to")
    )
    problems = {
        "without smtp:// or smtps:// in front": url.scheme not in ("smtp", "smtps"),
        "without a host": not url.hostname,
        "without one from=": len(senders) != 1,
        "without a to=": not recipients,
        "with an address that is none": not all(map(_is_address, senders + recipients)),
        "with only one of user and password": (url.username is None) != (url.password is None),
    }
    found = [problem for problem, is_so in problems.items() if is_so]
    if found or not url.hostname:
        raise SettingsError(key, found=", ".join(found), expected=expected)
    is_encrypted = url.scheme == "smtps"
    return MailServer(
        host=url.hostname,
        port=url.port or (SMTPS_PORT if is_encrypted else SMTP_PORT),
        is_encrypted=is_encrypted,
        user=unquote(url.username) if url.username is not None else None,
        password=unquote(url.password) if url.password is not None else None,
        sender=senders[0],
        recipients=tuple(recipients),
    )


def _is_address(value: str) -> bool:
    name, _, host = value.rpartition("@")
    return bool(name and host) and value.isascii() and value.isprintable() and " " not in value


def _split(key: str, value: str, *, expected: str) -> SplitResult:
    """The parts of a URL, whose port is a number."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:  # its text may hold the URL
        raise SettingsError(key, found="no URL", expected=expected) from None
    return url
