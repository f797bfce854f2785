"""A dossier in the words of others: W3C PROV-JSON, OpenLineage, CycloneDX, a model card.

Each module makes one format from the plain values of ``operation.audit.dossier``; none reads anything.
"""
