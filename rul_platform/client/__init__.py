"""A client of the service, for programs at the plant: ``from rul_platform.client import Client``.

It needs ``requests`` alone; neither the platform's tables nor its models, so that it starts at once.
"""

from rul_platform.client.answers import (
    Checkpoint,
    Deployment,
    Interval,
    Loaded,
    LoggedPrediction,
    ModelName,
    Plant,
    Prediction,
    Taken,
    TransferLearning,
    Version,
)
from rul_platform.client.client import Client
from rul_platform.client.problem import ProblemError, UnansweredError, UnverifiedError
from rul_platform.client.retrying import Patience
from rul_platform.client.webhooks import Delivery

__all__ = [
    "Checkpoint",
    "Client",
    "Delivery",
    "Deployment",
    "Interval",
    "Loaded",
    "LoggedPrediction",
    "ModelName",
    "Patience",
    "Plant",
    "Prediction",
    "ProblemError",
    "Taken",
    "TransferLearning",
    "UnansweredError",
    "UnverifiedError",
    "Version",
]
