"""Names of the two files that every model artifact has, whatever the model is."""

MODEL_FILE = "model.onnx"
"""The graph that answers: input ``x``, outputs ``rul`` and, perhaps, ``far``."""

CARD_FILE = "card.json"
"""What is needed to ask it, and where it comes from."""
