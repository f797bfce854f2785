"""A version's model card in Markdown: each sentence carries the hash of what it rests on.

After each, in brackets, stands the sha256 of its evidence, which lies in the bundle or in the store:
nothing is said that cannot be looked up.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Told = Mapping[str, Any]


def model_card(told: Told) -> str:
    """The card."""
    version = told["version"]
    parts = (
        ("What it is", _identity(told)),
        ("How good it is", _quality(told)),
        ("What it was made from", _origin(told)),
        ("Who decided", _decisions(told)),
    )
    lines = [f"# {version['plant']}, version {version['number']}", ""]
    for title, sentences in parts:
        lines += [f"## {title}", ""]
        lines += [f"- {text} [sha256:{evidence}]" for text, evidence in sentences]
        lines.append("")
    return "\n".join(lines)


def _identity(told: Told) -> Iterator[tuple[str, str]]:
    version, parameters = told["version"], told["training"]["parameters"]
    sha256 = version["sha256"]
    yield "It predicts the remaining useful life of machines, as advice to a person.", sha256
    yield f"It was registered on {version['registered_at'][:10]} and is {version['state']}.", sha256
    architecture = parameters.get("architecture", "an unknown")
    approach = parameters.get("approach", "unknown")
    yield f"Its architecture is {architecture}, the approach asked for {approach}.", sha256


def _quality(told: Told) -> Iterator[tuple[str, str]]:
    for each in told["gate"]:
        yield (
            f"On machines of the plant that it had not seen its RMSE is {each['rmse']:.2f}, that of a "
            f"constant {each['rmse_of_a_constant']:.2f}.",
            each["report"],
        )
        for reason in each["reasons"]:
            yield f"The gate said {each['verdict']}: {reason.rstrip('.')}.", each["report"]


def _origin(told: Told) -> Iterator[tuple[str, str]]:
    for step in told["made_from"]:
        yield (
            f"{step['asset']} of {step['partition']} was made on {step['made_at'][:10]} by code "
            f"{step['code_version']}.",
            step["sha256"],
        )


def _decisions(told: Told) -> Iterator[tuple[str, str]]:
    rows = {row["kind"]: row["hash"] for row in told["ledger"]}
    for each in told["in_charge"]:
        until = each["until"][:10] if each["until"] else "today"
        who = f"by {each['actor'][:12]}" if each["actor"] else "by the gate"
        kind = each["kind"] if each["kind"] in rows else "deployment"
        evidence = rows.get(kind, told["version"]["sha256"])
        yield f"It was in charge from {each['since'][:10]} to {until}, {who}.", evidence
    if told["provenance"] is not None:
        yield "How it was made is signed.", told["provenance"]["envelope"]
