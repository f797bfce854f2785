"""Models that stay in memory and answer many callers: what the HTTP service stands on."""
