"""A version's model card in Markdown: each sentence carries the hash of what it rests on.

After each, in brackets, stands the sha256 of its evidence; the last part says where each of these is:
nothing is said that cannot be looked up.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Told = Mapping[str, Any]

WHERE = """\
A hash is the sha256 of a row of the ledger, or of a manifest, which lists the sha256 of each of its
files. What is named without a folder lies in the plant's store, where a file is named by its sha256: ask
the plant."""


def model_card(told: Told) -> str:
    """The card."""
    version = told["version"]
    parts = {
        "What it is": list(_identity(told)),
        "How good it is": list(_quality(told)),
        "What it was made from": list(_origin(told)),
        "Who decided": list(_decisions(told)),
    }
    lines = [f"# {version['plant']}, version {version['number']}", ""]
    for title, sentences in parts.items():
        lines += [f"## {title}", ""]
        lines += [f"- {text} [sha256:{evidence}]" for text, evidence in sentences]
        lines.append("")
    named = dict.fromkeys(evidence for part in parts.values() for _, evidence in part)
    lines += ["## Where the evidence is", "", WHERE, ""]
    lines += [f"    {evidence}  {place}" for evidence, place in _places(told, named)]
    return "\n".join([*lines, ""])


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


def _places(told: Told, named: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Where in an evidence bundle what has this hash is, or what it is where it is not in there."""
    places: dict[str | None, str]
    places = {
        step["sha256"]: f"{step['asset']} of {step['partition']}" for step in told["made_from"]
    }
    places |= {each["report"]: "a report of an evaluation" for each in told["gate"]}
    if (signed := told["provenance"]) is not None:
        places[signed["envelope"]] = "manifests/provenance.json of signed/provenance.dsse.json"
        places[signed.get("report")] = "manifests/report.json of report.html"
    places |= {row["hash"]: f"ledger/{row['seq']:09d}" for row in told["ledger"]}
    places[told["version"]["sha256"]] = "manifests/model.json of model/"
    yield from ((each, places[each]) for each in named)
