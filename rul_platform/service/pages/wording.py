"""Words for codes: what a reason, an outcome or a state is called on a page.

Belongs here: codes to marked texts. Does not belong here: sentences (``templates``).
"""

from collections.abc import Mapping

from rul_platform.operation.told_failures import AWAY, KEY, LOST, UNFIT, UNSIGNED
from rul_platform.service.pages.language import msg

OUTCOMES: Mapping[str, str] = {
    "failed": msg("failed"),
    "replaced": msg("replaced"),
    "repaired": msg("repaired"),
    "running": msg("still running"),
}
REASONS: Mapping[str, str] = {
    "too_early": msg("it fails later than that"),
    "too_late": msg("it fails sooner than that"),
    "implausible": msg("not plausible"),
    "interval_too_wide": msg("too vague to plan by"),
    "wrong_machine": msg("about another machine"),
    "other": msg("something else"),
}
FAILURES: Mapping[str, str] = {
    LOST: msg("a file of it is missing or was changed."),
    AWAY: msg("the store of artifacts cannot be reached."),
    KEY: msg("a key is damaged, or others could have replaced it."),
    UNSIGNED: msg("nobody known signed how it was made."),
    UNFIT: msg("it is no model that this service can run."),
}
