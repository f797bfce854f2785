"""When a plant's model is retrained, deployed, watched and tidied away: the rules that a person sets.

Belongs here: the settings, their defaults, and which source wins. Does not belong here: what each may
be and how it is read (``policy_rules``), or the decisions (``trigger``, ``drift``, ``guard``,
``shadow``, ``gate``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from rul_platform.core.canonical import canonical_json, sha256
from rul_platform.core.policy_rules import OR_NULL, RULES, Layer, read
from rul_platform.core.wording import quoted
from rul_platform.errors import ConfigError

PREFIX = "RETRAIN_"
"""An environment variable is called so, followed by the setting in upper case."""

DEFAULT, FILE, ENVIRONMENT, COMMAND_LINE = "default", "file", "environment", "command line"
"""Where a value comes from, the weakest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All settings of one plant; ``policy_rules.RULES`` says what each may be.

    Attributes:
        days_back: Days of feedback that the trigger looks at.
        min_feedback: Feedbacks needed in that time.
        min_negative: Negative ones needed among them.
        min_positive_rate: A share of positive ones below this asks for a retraining.
        confidence: How sure that must be, against chance (``wilson``); 0 takes the share as
            it is.
        cooldown_hours: Hours without another retraining after one.
        min_outcomes: Units whose end is known, before their errors are judged.
        max_error_growth: Times the RMSE at the gate that the RMSE at work may reach (``drift``).
        max_drift: Training spreads that a sensor may move from its training data (``drift``).
        epochs: Longest training; None leaves it to the recipe.
        learning_rate: Peak of the schedule; None leaves it to the recipe.
        gate: ``statistical``, or ``threshold``: the literal rule of ``min_improvement``.
        min_improvement: Part of the champion's RMSE that a candidate must gain.
        min_units: Test units that the statistical gate needs.
        approval: Which verdicts a person must approve: ``held`` ones, or ``always``.
        shadow: Whether a promoted candidate first answers beside the champion.
        shadow_units: Units with a known end that settle a shadow.
        ab_share: Share of units that the challenger answers while it is a shadow.
        guard: Whether a champion that works badly is rolled back without being asked.
        guard_min_predictions: Predictions asked for, before a champion is judged.
        guard_max_error_rate: Share of them that may fail.
        guard_max_latency_ms: Slowest inference allowed, as the 95th percentile, in milliseconds.
        guard_max_out_of_range: Share of answers that may lie outside what a RUL can be.
        guard_max_jumps: Share of a unit's next answers that may differ too much from the one before.
        guard_min_satisfaction: Share of positive feedback below which a champion is rolled back.
        guard_cooldown_hours: Hours without a retraining or another rollback after a rollback.
        cleanup: Whether models that are not needed any more are deleted.
        keep_versions: Versions kept beside the champion.
        retention_days: Days after which pseudonyms are deleted.
        log_level: Least important message that is logged.
    """

    days_back: int = 30
    min_feedback: int = 100
    min_negative: int = 20
    min_positive_rate: float = 0.70
    confidence: float = 0.95
    cooldown_hours: float = 24.0
    min_outcomes: int = 10
    max_error_growth: float = 1.25
    max_drift: float = 1.0
    epochs: int | None = None
    learning_rate: float | None = None
    gate: Literal["statistical", "threshold"] = "statistical"
    min_improvement: float = 0.02
    min_units: int = 30
    approval: Literal["held", "always"] = "held"
    shadow: bool = False
    shadow_units: int = 10
    ab_share: float = 0.0
    guard: bool = True
    guard_min_predictions: int = 30
    guard_max_error_rate: float = 0.05
    guard_max_latency_ms: float = 1000.0
    guard_max_out_of_range: float = 0.05
    guard_max_jumps: float = 0.2
    guard_min_satisfaction: float = 0.4
    guard_cooldown_hours: float = 24.0
    cleanup: bool = False
    keep_versions: int = 3
    retention_days: int = 180
    log_level: str = "INFO"


@dataclass(frozen=True, slots=True)
class Configured:
    """A plant's policy, and where each of its values came from.

    Attributes:
        policy: The settings in force.
        sources: Setting to ``default``, ``file``, ``environment`` or ``command line``.
    """

    policy: Policy
    sources: Mapping[str, str]

    def settings(self) -> dict[str, Any]:
        """Plain values by name."""
        return asdict(self.policy)

    @property
    def sha256(self) -> str:
        """Hash of the settings as canonical JSON; the sources are not part of it."""
        return sha256(canonical_json(self.settings()))


def configure(
    plant: str, *, file: object, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Configured:
    """The settings of ``plant``: defaults < file < its own part of the file < environment < flags.

    Args:
        plant: Whose overrides in the file count.
        file: What the JSON file holds: settings by name, and ``plants``, an object with the settings
            of single plants; None where there is no file. All plants in it are checked.
        environ: ``RETRAIN_<SETTING>`` to text; an empty text is a variable that is not set, and other
            names are not looked at.
        flags: Setting to value, as text or as what it is; None where the flag was not given.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or out of range.
    """
    layers = [*_from_file(file, plant), _from_environ(environ), _from_flags(flags)]
    values: dict[str, Any] = {}
    sources = dict.fromkeys(RULES, DEFAULT)
    for layer in layers:
        values |= layer.values
        sources |= dict.fromkeys(layer.values, layer.source)
    policy = Policy(**values)
    problems = [problem for layer in layers for problem in layer.problems]
    if problems := problems or list(_contradictions(policy)):
        raise ConfigError(problems)
    return Configured(policy, sources)


def _from_file(file: object, plant: str) -> Iterator[Layer]:
    """The file for all plants; then each plant's own part, of which only ``plant``'s counts."""
    everywhere, problem = _object(file, "the whole")
    plants, also = _object(everywhere.get("plants"), "plants")
    settings = {key: value for key, value in everywhere.items() if key != "plants"}
    yield Layer(FILE, {}, (*problem, *also))
    yield read(FILE, settings, {setting: setting for setting in RULES}, or_unset=OR_NULL)
    for name, part in plants.items():
        prefix = f"plants.{name}."
        own, problem = _object(part, prefix.rstrip("."))
        found = read(
            FILE,
            {prefix + key: value for key, value in own.items()},
            {prefix + setting: setting for setting in RULES},
            prefix=prefix,
            or_unset=OR_NULL,
        )
        values = found.values if name == plant else dict[str, object]()
        yield Layer(FILE, values, (*problem, *found.problems))


def _object(value: object, name: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """A JSON object that may be absent, or what is wrong with it."""
    if value is None:
        return {}, ()
    if isinstance(value, Mapping):
        return {str(key): item for key, item in cast("Mapping[object, object]", value).items()}, ()
    return {}, (f"{FILE}: {name} is {quoted(value)}, but must be an object with settings",)


def _from_environ(environ: Mapping[str, str]) -> Layer:
    given = {key: text for key, text in environ.items() if key.startswith(PREFIX) and text.strip()}
    names = {PREFIX + setting.upper(): setting for setting in RULES}
    return read(ENVIRONMENT, given, names, prefix=PREFIX)


def _from_flags(flags: Mapping[str, object]) -> Layer:
    given = {_flag(setting): value for setting, value in flags.items() if value is not None}
    return read(COMMAND_LINE, given, {_flag(setting): setting for setting in RULES}, prefix="--")


def _flag(setting: str) -> str:
    return "--" + setting.replace("_", "-")


def _contradictions(policy: Policy) -> Iterator[str]:
    """Values that are right alone and wrong together."""
    if policy.ab_share > 0 and not policy.shadow:
        yield (
            f"ab_share is {policy.ab_share:g}, but shadow is off, so that there is no challenger to "
            f"share with: set shadow to true or ab_share to 0"
        )
