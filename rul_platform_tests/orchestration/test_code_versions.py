"""What makes a result stale."""

import re

import pytest

from rul_platform.orchestration.code_versions import PACKAGE, STUDY_FILES

ONLY_LOOK = {"checks", "model_checks", "report", "choice_report", "imported_checkpoints"}
"""They show, check or take in a result, and change none."""

COMPUTES = re.compile(r"^\s+from rul_platform\.(learning|inference)\b", re.MULTILINE)


def test_every_module_that_learns_or_predicts_is_in_the_version_of_what_it_makes():
    found = {
        p.stem for p in (PACKAGE / "orchestration").glob("*.py") if COMPUTES.search(p.read_text())
    }
    assert {"lessons", "contestants", "stored_models", "transfer_cells"} <= found
    missing = {name for name in found - ONLY_LOOK if f"orchestration/{name}.py" not in STUDY_FILES}
    assert missing == set()


@pytest.mark.parametrize("part", STUDY_FILES)
def test_what_is_counted_is_there(part: str):
    assert (PACKAGE / part).exists()
