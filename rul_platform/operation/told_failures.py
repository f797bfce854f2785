"""Why a file or a signature cannot be used, in words for everybody who may ask.

Where files lie is for the log, the alert and ``rul audit verify`` alone: errors name paths, these words
do not. They are constant, so that pages can say them in other languages.
"""

from collections.abc import Set

from rul_platform.errors import (
    EnvelopeError,
    KeyFileError,
    NotSignedError,
    StoreError,
    StoreUnreachableError,
)

LOST = "a file of it is missing or was changed."
AWAY = "the store of artifacts cannot be reached."
KEY = "a key is damaged, or others could have replaced it."
UNSIGNED = "nobody known signed how it was made."
UNFIT = "it is no model that this service can run."

WORDS: Set[str] = frozenset({LOST, AWAY, KEY, UNSIGNED, UNFIT})


def told(error: Exception) -> str:
    """Why, without paths: one of ``WORDS``."""
    if isinstance(error, KeyFileError):
        return KEY
    if isinstance(error, StoreUnreachableError):
        return AWAY
    if isinstance(error, StoreError | OSError):
        return LOST
    if isinstance(error, NotSignedError | EnvelopeError):
        return UNSIGNED
    return UNFIT
