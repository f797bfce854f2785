"""The whole audit: everything that can be checked, and all that was found.

Belongs here: the order of the parts, and the count of what was looked at. Does not belong here: checks.
"""

from dataclasses import asdict, dataclass
from typing import Any

from rul_platform.operation.audit.answers import answers
from rul_platform.operation.audit.chain import Walk, chain
from rul_platform.operation.audit.decisions import Counted, decisions
from rul_platform.operation.audit.hashed import Hashed
from rul_platform.operation.audit.parents import parents
from rul_platform.operation.audit.problems import Problem, guarded
from rul_platform.operation.audit.versions import everything_else, versions
from rul_platform.storage.home import Home

HOLDS, BROKEN, UNKNOWN = 0, 1, 2
"""Exit codes: all holds; something does not; what could be checked holds, but something could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit looked at and found.

    Attributes:
        problems: All of them, in the order of the parts.
        looked_at: How many of what.
    """

    problems: tuple[Problem, ...]
    looked_at: dict[str, int]

    @property
    def exit_code(self) -> int:
        """``HOLDS``, ``BROKEN`` or ``UNKNOWN``."""
        kinds = {problem.kind for problem in self.problems}
        return BROKEN if "broken" in kinds else UNKNOWN if kinds else HOLDS

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "holds": self.exit_code == HOLDS,
            "exit_code": self.exit_code,
            "looked_at": self.looked_at,
            "problems": [problem.to_json() for problem in self.problems],
        }


def verify(home: Home, *, more: tuple[Problem, ...] = ()) -> Audit:
    """Check ledger, versions, other artifacts, parents, decisions and predictions; changes nothing.

    Args:
        home: Where everything is recorded.
        more: What was found where this layer does not look.

    Raises:
        DatabaseError: The tables cannot be read at all.
    """
    found = _looked(home, more)
    if found.exit_code == BROKEN:  # somebody may have decided something between two questions
        again = _looked(home, more)
        found = Audit(
            problems=tuple(each for each in again.problems if each in found.problems),
            looked_at=again.looked_at,
        )
    return found


def _looked(home: Home, more: tuple[Problem, ...]) -> Audit:
    walk, hashed, counted, answered = Walk(), Hashed(), Counted(), {"predictions": 0}
    problems = (
        *guarded("ledger", chain(home, walk)),
        *guarded("versions", versions(home, hashed)),
        *guarded("artifacts", everything_else(home, hashed)),
        *guarded("parents", parents(home, hashed)),
        *decisions(home, counted),
        *guarded("predictions", answers(home, answered)),
        *more,
    )
    looked_at = {
        "ledger_rows": walk.rows,
        "anchors": walk.anchors,
        "artifacts": len(hashed.artifacts),
        "versions": len(home.registry.versions()),
        "imported_checkpoints": len(home.parents.imported()),
        "selected_parents": len(home.parents.history()),
        **asdict(counted),
        **answered,
    }
    return Audit(problems=problems, looked_at=looked_at)
