"""Everything that outlives a process: tables, artifacts and the sources of raw data."""
