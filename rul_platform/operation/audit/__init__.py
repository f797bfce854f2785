"""Whether the records hold: ledger, signatures, files, lineage, decisions, answers.

    verify ──► chain, versions, decisions, answers ──► problems

Each part yields every problem it finds, and changes nothing.
"""
