"""The Dagster layer: assets, checks, sensors and resources. Assembles; computes nothing."""
