"""Artifacts that an audit has read and hashed, each once.

Belongs here: what was wrong with which. Does not belong here: which of them must be there (``versions``,
``parents``).
"""

import json
from dataclasses import dataclass, field

from rul_platform.errors import StoreUnreachableError
from rul_platform.storage.home import Home


@dataclass(slots=True)
class Hashed:
    """What was hashed on the way.

    Attributes:
        artifacts: sha256 of each that was looked at, with what was wrong with it.
    """

    artifacts: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    _away: StoreUnreachableError | None = field(default=None, repr=False)
    _tidied: frozenset[str] | None = field(default=None, repr=False)

    def problems(self, home: Home, sha256: str) -> tuple[str, ...]:
        """What is wrong with an artifact; each is read once, and none that was tidied away.

        Raises:
            StoreUnreachableError: The store does not answer; it is not asked again.
        """
        if sha256 in self.tidied(home):
            return ()
        if sha256 not in self.artifacts:
            self.artifacts[sha256] = self._verified(home, sha256)
        return self.artifacts[sha256]

    def _verified(self, home: Home, sha256: str) -> tuple[str, ...]:
        if self._away is not None:
            raise self._away
        try:
            return home.store.verify(sha256)
        except StoreUnreachableError as error:
            self._away = error
            raise

    def tidied(self, home: Home) -> frozenset[str]:
        """Artifacts of versions whose files were removed, as the ledger says too."""
        if self._tidied is None:
            noted = {
                gone["sha256"]
                for row in home.ledger.of_kind("cleanup")
                for gone in json.loads(row.body)["versions"]
            }
            self._tidied = frozenset(
                each.sha256
                for each in home.registry.versions()
                if each.cleaned_at is not None and each.sha256 in noted
            )
        return self._tidied
