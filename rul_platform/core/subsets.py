"""Names of the C-MAPSS subsets; apart from ``core.cmapss``, so that they cost no import of pandas."""

SUBSETS = ("FD001", "FD002", "FD003", "FD004")
"""NASA's four."""

SIMULATED = "SIM"
"""The subset that ``core.simulator`` makes; never to be mistaken for NASA's."""

PRETRAINED_ON = ("FD001", "FD002", "FD004")
"""What networks are pretrained on by default: the example fleet is made of FD003."""
