"""Who launched a run, as a tag of the run.

Dagster itself knows no users. Where its pages stand behind a proxy that signs people in, the proxy
names them in a header; this queue, named in ``dagster.yaml``, puts a pseudonym of that name on the run.
Without the header, as for schedules and sensors, it is Dagster's own queue.

Belongs here: that tag. Does not belong here: pseudonyms (``storage.people``).
"""

import os
from typing import Any

import dagster as dg
from dagster._core.run_coordinator import (  # noqa: TID251  Dagster's guide to this has no public name
    QueuedRunCoordinator,
    SubmitRunContext,
)
from dagster._serdes import ConfigurableClassData

from rul_platform.settings import Settings
from rul_platform.storage.home import Home

LAUNCHED_BY = "rul/launched_by"
"""A person's pseudonym: names are stored nowhere."""

HEADER = "X-Forwarded-User"


class NamedRunCoordinator(QueuedRunCoordinator):
    """Dagster's queue, and who asked."""

    def __init__(
        self, user_header: str = HEADER, inst_data: ConfigurableClassData | None = None, **rest: Any
    ) -> None:
        """Open it.

        Args:
            user_header: In which the proxy names the person. The proxy must take it out of what comes
                from outside.
            inst_data: Dagster's.
            rest: Dagster's.
        """
        self._header = user_header
        super().__init__(inst_data=inst_data, **rest)

    @classmethod
    def config_type(cls) -> Any:
        """As Dagster's queue, and the header."""
        queue: Any = super().config_type()
        header = dg.Field(str, is_required=False, default_value=HEADER)
        return {**queue, "user_header": header}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> Any:
        """Dagster calls this with what stands in ``dagster.yaml``."""
        return cls(inst_data=inst_data, **config_value)

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Queue a run, with its tag."""
        name = context.get_request_header(self._header)
        if name:
            home = Home(Settings.read(os.environ))  # noqa: TID251  a door: Dagster opens it
            tags = {LAUNCHED_BY: home.people.of(name, home.now())}
            self._instance.add_run_tags(context.dagster_run.run_id, tags)
        return super().submit_run(context)
