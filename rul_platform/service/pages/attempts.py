"""How often somebody may try to sign in: guessing is slowed, a slip of the hand is not.

Belongs here: counting failures by address. Does not belong here: what a failure is (``sign_in``).
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from time import monotonic

BURST = 10.0
"""Failures in a row that nobody minds."""

SECONDS_EACH = 6.0
"""After that, one try in so many seconds."""

ADDRESSES_KNOWN = 10_000
IPV6_NETWORK = 64
"""Bits that one customer of a network shares: whoever has one such address has all of them."""


@dataclass(slots=True)
class _Left:
    tries: float
    counted: float


class Attempts:
    """Failures of late, by address."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, _Left] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, address: str) -> int:
        """How long this address must wait before its next try; 0 for not at all."""
        with self._lock:
            left = self._now(_network(address))
            return 0 if left.tries >= 1 else math.ceil((1 - left.tries) * SECONDS_EACH)

    def failed(self, address: str) -> None:
        """Count a failure."""
        with self._lock:
            self._now(_network(address)).tries -= 1

    def _now(self, network: str) -> _Left:
        at = monotonic()
        left = self._left.setdefault(network, _Left(BURST, at))
        left.tries = min(BURST, left.tries + (at - left.counted) / SECONDS_EACH)
        left.counted = at
        self._left.move_to_end(network)
        if len(self._left) > ADDRESSES_KNOWN:
            self._left.popitem(last=False)
        return left


def _network(address: str) -> str:
    """Who may be behind an address.

    >>> _network("10.0.0.7"), _network("2001:db8::7")
    ('10.0.0.7', '2001:db8::/64')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))
