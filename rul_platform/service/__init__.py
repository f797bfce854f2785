"""The HTTP service: predictions, feedback and pages for people at the plant; no Dagster, no torch."""
