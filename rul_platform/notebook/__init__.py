"""The platform in a notebook: transfer learning in a few lines, and what a home folder holds as arrays.

    pretrained = load_pretrained("lstm", "lstm.pt")
    model = RulModel("lstm", channels=["temperature", "vibration"], cap=125)
    report = model.apply(pretrained, freeze_encoder=True)
    result = model.fine_tune(x, y, Training(epochs=20), units=units)      # result.mae, result.rmse
    save_checkpoint(model, "pumps_lstm.pt")

A door of its own, without Dagster: it reads what the platform made and writes only where it is told to.
How to: docs/transfer-learning.md.
"""

from rul_platform.learning.arrays.all_architectures import TrainedAll
from rul_platform.learning.arrays.scores import FineTuned, Score
from rul_platform.learning.arrays.transfer_learning import RulModel, Training
from rul_platform.learning.transfer.finetuning import TransferReport
from rul_platform.notebook.platform import Champion, PlantArrays, Platform
from rul_platform.notebook.recipes import RecipeScore, score_recipe
from rul_platform.notebook.transfer import (
    TransferSettings,
    export_model,
    load_pretrained,
    save_checkpoint,
    train_all,
)

__all__ = [
    "Champion", "FineTuned", "PlantArrays", "Platform", "RecipeScore", "RulModel", "Score", "TrainedAll",
    "Training", "TransferReport", "TransferSettings", "export_model", "load_pretrained",
    "save_checkpoint", "score_recipe", "train_all",
]  # fmt: skip
