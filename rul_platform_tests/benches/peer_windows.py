"""The cold path of the public package rul-datasets to the same windows; one process, one measurement.

Run by the Python of its own environment, which has no rul_platform: ``bench_windows`` starts it as
``python peer_windows.py FOLDER SUBSET WINDOW OUT``. It works in ``OUT``, a data root as the package
wants one: it finds the text files there and so downloads nothing.
"""

import json
import os
import shutil
import sys
import time
import warnings
from pathlib import Path


def measure(folder: Path, subset: str, window: int, out: Path) -> dict[str, float]:
    """CPU seconds of this process for both steps, and what they made; as ``our_windows.measure``."""
    shutil.copytree(folder, out / "CMAPSS")
    os.environ["RUL_DATASETS_DATA_ROOT"] = str(out)  # noqa: TID251  read when the package is imported
    from rul_datasets.reader import CmapssReader  # only its own environment has it

    warnings.simplefilter("ignore")  # it warns that it has to divide the training file
    start = time.process_time()
    reader = CmapssReader(
        fd=int(subset[-1]), window_size=window, max_rul=125, operation_condition_aware_scaling=True
    )
    reader.prepare_data()
    prepared = time.process_time()
    splits = [reader.load_split(split)[0] for split in ("dev", "val", "test")]
    end = time.process_time()
    arrays = [array for split in splits for array in split]
    texts = [out / "CMAPSS" / f"{side}_{subset}.txt" for side in ("train", "test")]
    return {
        "prepare_cpu_seconds": prepared - start,
        "windows_cpu_seconds": end - prepared,
        "rows": sum(text.read_bytes().count(b"\n") for text in texts),
        "windows": sum(len(array) for array in arrays),
        "channels": arrays[0].shape[2],
        "megabytes": sum(array.nbytes for array in arrays) / 1e6,
    }


if __name__ == "__main__":
    _, source, chosen, length, target = sys.argv
    print(json.dumps(measure(Path(source), chosen, int(length), Path(target))))
