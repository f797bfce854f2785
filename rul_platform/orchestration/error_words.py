"""What an error says outside this platform's own logs: in alerts, in tables, in the UI's list of ticks.

Belongs here: leaving out what was written or asked. Does not belong here: who is told.
"""

STATEMENT = "[SQL: "


def said(error: Exception) -> str:
    """The error's class and what it says."""
    return without_statement(f"{type(error).__name__}: {error}")


def without_statement(text: str) -> str:
    """Of a database's error the driver's first line alone: statement, parameters and rows stay here."""
    if STATEMENT not in text:
        return text
    return text.partition("\n")[0].rstrip(".") + "."
