"""A deployed model answers here: ONNX Runtime only, neither torch nor Dagster."""
