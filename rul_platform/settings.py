"""Deployment settings: where things live on this machine.

The table below is all of them. ``Settings.read(environ)`` checks them all at once; only the doors
(command line, Dagster's code location) call it, with the process environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rul_platform.errors import SettingsError

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
        database_url: ``RUL_DATABASE_URL``, default SQLite in the home folder. A SQLAlchemy URL.
        cmapss: ``RUL_CMAPSS``: a zip or folder with NASA's twelve files, or None.
        cmapss_url: ``RUL_CMAPSS_URL``: where the published archive is; NASA's address by default.
            Empty switches the download off.
        filters: ``RUL_FILTERS``: a zip or folder with the filter-clogging runs, or None.
    """

    home: Path
    database_url: str
    cmapss: Path | None
    cmapss_url: str
    filters: Path | None

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check all settings.

        Raises:
            SettingsError: A value is not what its setting allows.
        """
        home = Path(environ.get("RUL_HOME") or ".rul").expanduser().resolve()
        if home.exists() and not home.is_dir():
            raise SettingsError("RUL_HOME", found=str(home), expected="a folder")
        url = environ.get("RUL_DATABASE_URL") or f"sqlite:///{home / 'rul.db'}"
        if not url.startswith(("sqlite:///", "postgresql:", "postgresql+psycopg2:")):
            scheme = url.split(":", 1)[0]  # the rest may hold a password
            raise SettingsError(
                "RUL_DATABASE_URL",
                found=f"{scheme}:…",
                expected="a sqlite:/// or postgresql:// URL",
            )
        return cls(
            home=home,
            database_url=url,
            cmapss=_existing("RUL_CMAPSS", environ),
            cmapss_url=environ.get("RUL_CMAPSS_URL", NASA_ARCHIVE),
            filters=_existing("RUL_FILTERS", environ),
        )


def _existing(key: str, environ: Mapping[str, str]) -> Path | None:
    """A path that must exist when it is given."""
    value = environ.get(key)
    if not value:
        return None
    path = Path(value).expanduser().resolve()
    if not path.exists():
        raise SettingsError(key, found=value, expected="a zip or a folder that exists")
    return path
