"""Deployment settings: where things live on this machine.

The table below is all of them. ``Settings.read(environ)`` checks them all at once; only the doors
(command line, Dagster's code location) call it, with the process environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rul_platform.errors import SettingsError

DATABASES = ("sqlite:///", "postgresql:", "postgresql+psycopg2:")

NASA_ARCHIVE = (
    "https://phm-datasets.s3.amazonaws.com/NASA/"
    "6.+Turbofan+Engine+Degradation+Simulation+Data+Set.zip"
)
"""Data set 6 of NASA's prognostics data repository; a zip inside a zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things live.

    Attributes:
        home: ``RUL_HOME``, default ``.rul``: artifacts, tables, plants and the embedded instance.
        database_url: ``RUL_DATABASE_URL``, a SQLAlchemy URL; None for SQLite in the home folder.
        cmapss: ``RUL_CMAPSS``: a zip or folder with NASA's twelve files, or None.
        cmapss_url: ``RUL_CMAPSS_URL``: where the published archive is; NASA's address by default.
            Empty switches the download off.
        filters: ``RUL_FILTERS``: a zip or folder with the filter-clogging runs, or None.
    """

    home: Path
    database_url: str | None
    cmapss: Path | None
    cmapss_url: str
    filters: Path | None

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check all settings.

        Raises:
            SettingsError: A value is not what its setting allows.
        """
        return cls(
            home=_home(environ.get("RUL_HOME") or ".rul"),
            database_url=_database_url(environ.get("RUL_DATABASE_URL") or None),
            cmapss=_existing("RUL_CMAPSS", environ),
            cmapss_url=environ.get("RUL_CMAPSS_URL", NASA_ARCHIVE),
            filters=_existing("RUL_FILTERS", environ),
        )


def _home(value: str) -> Path:
    """The home folder, or the place where it can be made."""
    expected = "a folder, or a place for a new one"
    home = _resolved("RUL_HOME", value, expected=expected)
    nearest = next(place for place in (home, *home.parents) if place.exists())
    if not nearest.is_dir():
        trouble = "" if nearest == home else f"; {nearest} is none"
        raise SettingsError("RUL_HOME", found=str(home), expected=expected + trouble)
    return home


def _database_url(value: str | None) -> str | None:
    if value is not None and not value.startswith(DATABASES):
        scheme = value.split(":", 1)[0]  # the rest may hold a password
        found = f"{scheme}:…" if scheme != value else "no URL"
        expected = "a sqlite:/// or postgresql:// URL"
        raise SettingsError("RUL_DATABASE_URL", found=found, expected=expected)
    return value


def _existing(key: str, environ: Mapping[str, str]) -> Path | None:
    """A path that must exist when it is given."""
    value = environ.get(key)
    if not value:
        return None
    expected = "a zip or a folder that exists"
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
