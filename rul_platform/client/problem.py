"""What goes wrong between a client and the service.

Belongs here: the errors. Does not belong here: when to try again (``retrying``).
"""

from collections.abc import Mapping
from typing import Any

from rul_platform.errors import RulPlatformError

PROBLEM_TYPE = "application/problem+json"


class ProblemError(RulPlatformError):
    """The service refused a request, and says why.

    Attributes:
        status: Of HTTP.
        code: In one word, for programs.
        detail: In a sentence.
        problems: Everything that is wrong with the request.
        request_id: What its line in the service's log carries.
    """

    def __init__(
        self,
        status: int,
        *,
        code: str = "problem",
        detail: str = "",
        problems: tuple[str, ...] = (),
        request_id: str = "",
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.problems, self.request_id = problems, request_id
        lines = "".join(f"\n  - {each}" for each in problems)
        about = f" (request {request_id})" if request_id else ""
        super().__init__(f"{status} {code}: {detail}{about}{lines}")

    @classmethod
    def of(cls, status: int, told: Mapping[str, Any]) -> "ProblemError":
        """From a problem document (RFC 9457)."""
        return cls(
            status,
            code=str(told.get("code", "problem")),
            detail=str(told.get("detail", "")),
            problems=tuple(map(str, told.get("problems", ()))),
            request_id=str(told.get("request_id", "")),
        )


class UnansweredError(RulPlatformError):
    """Nobody answered, as often as it was tried."""

    def __init__(self, url: str, attempts: int, reason: str) -> None:
        self.url, self.attempts, self.reason = url, attempts, reason
        super().__init__(
            f"{url} did not answer in {attempts} attempts: {reason}. Does the service run, and is it "
            f"reached from here?"
        )


class UnverifiedError(RulPlatformError):
    """What came to a webhook is not what the platform sends, or not now."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The delivery is not accepted: {reason}. Is the secret that of the platform, the body as "
            f"it came, and are both clocks right?"
        )
