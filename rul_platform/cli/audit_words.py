"""What an audit found, in words for a terminal.

Belongs here: sentences and columns. Does not belong here: gathering (``operation.audit``), the page in a
browser (``reports.dossier_page``).
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rul_platform.operation.audit.history import Change
    from rul_platform.operation.audit.verify import Audit
    from rul_platform.orchestration.reproducing import Reproduction

Json = Mapping[str, Any]

COUNTED = {
    "ledger_rows": "rows of the ledger",
    "anchors": "of them signed one by one",
    "artifacts": "artifacts hashed",
    "versions": "model versions",
    "imported_checkpoints": "imported checkpoints",
    "selected_parents": "selections of what plants start from",
    "deployments": "times in charge",
    "gates": "answers of the gate, each decided again",
    "triggers": "retrains that feedback asked for, each counted again",
    "feedback": "ratings",
    "erased": "of them without a person, as the ledger says",
    "predictions": "answers of models in charge",
}
SHORT = 12
"""Digits of a hash that are enough for people."""


def verified(found: "Audit") -> str:
    """Counts, then all problems, then the conclusion."""
    width = max(len(f"{number:,}") for number in found.looked_at.values())
    lines = [f"{found.looked_at[name]:>{width},} {words}" for name, words in COUNTED.items()]
    broken = [each for each in found.problems if each.kind == "broken"]
    unknown = [each for each in found.problems if each.kind == "unknown"]
    for title, listed in (("Broken", broken), ("Not known", unknown)):
        if listed:
            lines += ["", f"{title}: {len(listed)}"]
            lines += [f"  [{each.part}] {each.sentence}" for each in listed]
    ends = {0: "All holds.", 1: "The records do not hold.", 2: "What could be checked holds."}
    return "\n".join([*lines, "", ends[found.exit_code]])


def explained(told: Json) -> str:
    """A dossier, section by section."""
    sections = (
        _prediction(told),
        _version(told),
        _in_charge(told),
        _gate(told),
        _retrain(told),
        _made_from(told),
        _training(told),
        _ledger(told),
    )
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def changed(found: "tuple[Change, ...]") -> str:
    """Every change, by part."""
    if not found:
        return "Nothing that is recorded differs."
    lines, part = list[str](), ""
    for each in found:
        if each.part != part:
            part = each.part
            lines += ["", f"{part.capitalize()}:"]
        lines.append(f"  {each.what}: {_short(each.before)} → {_short(each.after)}")
    return "\n".join(lines[1:])


def reproduced(found: "Reproduction") -> str:
    """Whether it is the same, and what else is not."""
    lines = [f"recorded  {found.sha256}", f"again     {found.again}"]
    lines += [f"  {name} differs" for name in found.differing]
    if found.conditions:
        lines.append("Recorded conditions that are not so here:")
    lines += [f"  {name}: {then} then, {now} now" for name, (then, now) in found.conditions.items()]
    lines.append("Every byte is the same." if found.is_identical else "It is not the same.")
    return "\n".join(lines)


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    is_hash = len(text) in (40, 64) and all(digit in "0123456789abcdef" for digit in text)
    return text[:SHORT] if is_hash else text


def _moment(text: str | None) -> str:
    return "now" if text is None else f"{text[:10]} {text[11:19]} UTC"


def _prediction(told: Json) -> Iterator[str]:
    given = told["prediction"]
    if given is None:
        return
    yield f"Prediction {given['id']}"
    interval = f"{given['low']:.1f} to {given['high']:.1f}"
    yield f"  unit {given['unit']} after {given['life']:g}: {given['rul']:.1f} more, {interval}"
    yield f"  answered {_moment(given['answered_at'])} as {given['role']}"
    if given["readings"]:
        yield f"  from readings {given['readings'][:SHORT]}"
    if given["is_strange"]:
        yield "  a reading was far outside what the model learned from"


def _version(told: Json) -> Iterator[str]:
    version, signed = told["version"], told["provenance"]
    yield f"{version['plant']} version {version['number']}: {version['state']}"
    yield f"  sha256 {version['sha256']}"
    yield f"  registered {_moment(version['registered_at'])}"
    if signed is None:
        yield "  how it was made is not signed"
    elif signed["holds"]:
        yield f"  how it was made was signed {_moment(signed['signed_at'])}, and the signature holds"
    else:
        yield f"  how it was made was signed, and that does not hold: {signed['problem']}"


def _in_charge(told: Json) -> Iterator[str]:
    if not told["in_charge"]:
        yield "Never in charge."
        return
    yield "In charge:"
    for each in told["in_charge"]:
        who = f", by {each['actor'][:SHORT]}: {each['reason']}" if each["actor"] else ""
        yield f"  {_moment(each['since'])} to {_moment(each['until'])} ({each['kind']}{who})"


def _gate(told: Json) -> Iterator[str]:
    for each in told["gate"]:
        yield f"Gate {each['id']}, {_moment(each['at'])}: {each['verdict']}"
        for reason in each["reasons"]:
            yield f"  {reason}"
        yield f"  RMSE {each['rmse']:.2f}, of a constant {each['rmse_of_a_constant']:.2f}"
        if each["approved_by"]:
            yield f"  approved by {each['approved_by'][:SHORT]}: {each['approved_because']}"


def _retrain(told: Json) -> Iterator[str]:
    asked = told["retrain"]
    if asked is None:
        yield "A person trained it: no retrain asked for it."
        return
    yield f"Asked for by retrain {asked['id']} ({asked['trigger']}), {_moment(asked['requested_at'])}"
    for reason in asked["reasons"]:
        yield f"  {reason}"
    used = asked["feedback"]
    state = f"{used['erased']} without a person, {used['altered']} altered"
    yield f"  ratings used up: {used['rows']}, {used['negative']} of them negative; {state}"


def _made_from(told: Json) -> Iterator[str]:
    yield "Made from, newest first:"
    for each in told["made_from"]:
        what = f"{each['asset']}[{each['partition']}]  {each['sha256'][:SHORT]}"
        how = f"code {each['code_version']}  run {each['run'][:8]}"
        yield f"  {what}  {_moment(each['made_at'])}  {how}"


def _training(told: Json) -> Iterator[str]:
    training, signed = told["training"], told["provenance"] or {}
    yield "Training:"
    chosen = {name: value for name, value in training["parameters"].items() if value is not None}
    yield "  " + ", ".join(f"{name} {value}" for name, value in sorted(chosen.items()))
    if signed.get("seed") is not None:
        yield f"  seed {signed['seed']}"
    place = training["environment"]
    yield "  " + ", ".join(f"{name} {value}" for name, value in sorted(place.items()))
    if signed.get("code"):
        yield f"  commit {signed['code']}"


def _ledger(told: Json) -> Iterator[str]:
    yield "In the ledger:"
    for each in told["ledger"]:
        yield f"  row {each['seq']}: {each['kind']}, {_moment(each['at'])}, {each['hash'][:SHORT]}"
