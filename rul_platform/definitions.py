"""Dagster's door: read the settings, return the definitions. Importing this module does neither."""

import os

import dagster as dg

from rul_platform.orchestration.code_location import build_defs
from rul_platform.settings import Settings
from rul_platform.storage.home import Home


@dg.definitions
def defs() -> dg.Definitions:
    """The code location on the home folder that the environment names."""
    return build_defs(Home(Settings.read(os.environ)))  # noqa: TID251  a door
