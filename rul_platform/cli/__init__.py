"""The command line `rul`: the person's door."""
