"""Data that is born outside the assets, so that the graph shows where it enters and leaves.

Readings and feedback follow predictions, and predictions follow a deployed model; but a graph of assets
cannot be a circle, so what people and machines give begins anew here (decision record 0010).
"""

import dagster as dg

from rul_platform.orchestration.partitions import PLANT

EXTERNAL = [
    dg.AssetSpec(
        "plant_source",
        partitions_def=PLANT,
        group_name="plant",
        kinds={"table"},
        owners=["team:plant"],
        description="The plant's own readings: CSV or Parquet files, or a SQL query, as its plant "
        "file says. `rul plant check` looks at them.",
    ),
    dg.AssetSpec(
        "predictions",
        deps=["deployed_model"],
        partitions_def=PLANT,
        group_name="operation",
        kinds={"table"},
        owners=["team:operations"],
        description="Every answer that was given, with the model version that gave it: the table "
        "`prediction`.",
    ),
    dg.AssetSpec(
        "landing",
        partitions_def=PLANT,
        group_name="operation",
        kinds={"table"},
        owners=["team:operations"],
        description="Readings that came with predictions, kept to learn from: the table `landing`.",
    ),
    dg.AssetSpec(
        "feedback",
        partitions_def=PLANT,
        group_name="operation",
        kinds={"table"},
        owners=["team:operations"],
        description="What people said of predictions: the table `feedback`.",
    ),
    dg.AssetSpec(
        "outcomes",
        partitions_def=PLANT,
        group_name="operation",
        kinds={"table"},
        owners=["team:operations"],
        description="What became of machines: failed, replaced, repaired, still running. The table "
        "`outcome`.",
    ),
]
