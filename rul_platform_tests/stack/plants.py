"""A plant for a stack: the example of simulated pumps, with a model in charge."""

from rul_platform_tests.stack.running import Stack

PLANT = "simulated_pumps"


def onboard(stack: Stack) -> str:
    """Let the plant's first model be made and put in charge; a token for everything."""
    small = ("--set", "hidden_size=16", "--set", "steps=6")
    stack.types("code", "rul", "plant", "init", "--example", PLANT)
    stack.types("code", "rul", "pretrain", "lstm", "--subset", "SIM", *small)
    stack.types(
        *("code", "rul", "train", PLANT, "--subset", "SIM"),
        *("--approach", "boosting", "--folds", "2", "--steps", "3"),
    )
    stack.types("code", "rul", "deploy", PLANT)
    made = stack.types(
        "code", "rul", "token", "create", "--for", "test", "--scope", "admin", "--rate", "1000"
    )
    return made.split()[0]


def readings() -> dict[str, list[object]]:
    """Three readings of one pump, by the plant's own names."""
    return {
        "hours": [6.0, 12.0, 18.0],
        "vibration_mm_s": [2.0, 2.1, 2.2],
        "temperature_c": [60.0, 61.0, 61.5],
        "pressure_bar": [8.0, 8.0, 7.9],
        "current_a": [30.0, 30.5, 30.2],
        "duty": ["light", "light", "light"],
    }
