"""Drills: faults are injected for real, and it is looked whether the platform keeps what it promises.

Everything happens in a throw-away home, from outside: processes are killed, files damaged, connections
cut. No other part of the platform knows that there are drills. ``faults`` is the plan, ``ground`` where
it is carried out, ``scenarios`` how, ``invariants`` what must hold, ``runner`` the order, ``tally`` what
is told.
"""
