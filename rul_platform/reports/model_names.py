"""What a report calls a model, where its key says too much.

Belongs here: names in tables and plots. Does not belong here: sentences (``verdict``).
"""

from rul_platform.core.evaluation import FINE_TUNED, Evaluation


def is_candidate(evaluation: Evaluation, model: str) -> bool:
    """Whether it is a plant's own model, which any approach may have made.

    Tables keep it under ``FINE_TUNED``, whether it learned from a pretrained model or from scratch.
    """
    is_main = model == evaluation.main == FINE_TUNED
    return is_main and evaluation.facts.get("approach") is not None


def shown_name(evaluation: Evaluation, model: str) -> str:
    """The name that people read."""
    return "the model" if is_candidate(evaluation, model) else model
