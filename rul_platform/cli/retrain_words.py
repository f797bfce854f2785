"""What `rul retrain` says, as text and as JSON."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rul_platform.operation.triggering import Check


def check_json(plant: str, found: "Check") -> dict[str, Any]:
    """Both verdicts, what they rest on, and the settings with where each came from."""
    alarms = found.false_alarms
    return {
        "plant": plant,
        **found.verdict.to_json(),
        "per_day": found.per_day,
        "false_alarms_per_year": {
            "literal": alarms.literal,
            "bounded": alarms.bounded,
            "satisfaction": found.healthy_satisfaction,
        },
        "settings": {
            name: {"value": value, "source": found.configured.sources[name]}
            for name, value in found.configured.settings().items()
        },
    }


def check_text(plant: str, found: "Check") -> str:
    """The same for a person."""
    verdict = found.verdict
    sure = f"with {verdict.confidence:.4g} confidence" if verdict.confidence else "without a bound"
    lines = [
        f"{plant}: {'asks for a retrain now' if verdict.fires else 'no retrain now'}.",
        f"  literal rule: {_yes(verdict.literal)}",
        f"  {sure}: {_yes(verdict.bounded)}   (this one decides)",
        *(f"  - {reason}" for reason in verdict.reasons),
        *(f"  blocked: {block}" for block in verdict.blocks),
        f"  volume: {found.per_day:.1f} ratings a day",
        *([_alarms(found)] if found.per_day else []),
        "Nothing was written.",
    ]
    return "\n".join(lines)


def _alarms(found: "Check") -> str:
    alarms = found.false_alarms
    return (
        f"  false alarms, if the true satisfaction were {found.healthy_satisfaction:.0%}: at least one "
        f"a year with probability {alarms.literal:.3f} by the literal rule, {alarms.bounded:.3f} by the "
        f"one that decides"
    )


def history_text(rows: list[dict[str, Any]]) -> str:
    """One line for each retrain."""
    if not rows:
        return "No retrain yet. `rul retrain check PLANT` says whether one is due."
    width = max(len(row["plant"]) for row in rows)
    return "\n".join(_line(row, width) for row in rows)


def _line(row: dict[str, Any], width: int) -> str:
    end = row["finished_at"]
    gains = (
        f"gain {_percent(row['gain_claimed'])} claimed, {_percent(row['gain_delivered'])} delivered"
    )
    parts = [
        f"{row['id']:>4}  {row['plant']:<{width}}  {row['trigger']:<10}",
        f"{row['state']:<9}  {row['verdict'] or '-':<9}",
        f"{row['requested_at'][:16]} to {end[:16] if end else 'now':<16}",
        gains if row["gain_claimed"] is not None else (row["error"] or "").partition("\n")[0],
        f"(reason: {row['reason']})" if row["reason"] else "",
    ]
    return "  ".join(parts).rstrip()


def _percent(part: float | None) -> str:
    return "-" if part is None else f"{part:+.1%}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
