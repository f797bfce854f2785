"""One way, from our records to an MLflow server: versions become runs and registered models.

    lineage, gate, card ──► facts ──► export ──► server ──► MLflow

Nothing is ever read back into the platform: our lineage stays the truth (decision 0039), and what is
changed in MLflow by hand is brought back to it, or refused.
"""
