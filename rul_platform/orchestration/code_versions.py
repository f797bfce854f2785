"""Versions of the code that computes, from its content: nobody has to remember to bump them.

Belongs here: which files a result depends on. Does not belong here: what only shows a result
(``report``, ``choice_report``) or looks at it (the checks): another sentence makes no model stale.
"""

from pathlib import Path

import rul_platform
from rul_platform.core.canonical import source_fingerprint

PACKAGE = Path(rul_platform.__file__).parent


def _modules(*names: str) -> tuple[str, ...]:
    return tuple(f"orchestration/{name}.py" for name in names)


DATA_FILES = ("core", "storage", "orchestration/assets", *_modules("stored_windows"))
LEARNING_FILES = (
    *DATA_FILES,
    "learning",
    *_modules(
        "training_config",
        "finetuning_config",
        "attempts",
        "lessons",
        "candidate_files",
        "transfer_cells",
        "stored_models",
        "rate_tests",
    ),
)
REPORT_FILES = (
    *LEARNING_FILES,
    "inference",
    "reports",
    *_modules("contest", "contestants", "benchmark_cell", "benchmark_config", "benchmark_facts"),
)
STUDY_FILES = (*REPORT_FILES, *_modules("studies", "tuning", "found_recipe", "method_runs"))

DATA_CODE = source_fingerprint(PACKAGE, DATA_FILES)
LEARNING_CODE = source_fingerprint(PACKAGE, LEARNING_FILES)
REPORT_CODE = source_fingerprint(PACKAGE, REPORT_FILES)
STUDY_CODE = source_fingerprint(PACKAGE, STUDY_FILES)
