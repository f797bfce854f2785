"""One file for each asset, named as the asset."""
