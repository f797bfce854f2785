"""Names of the plants that come with the platform; their files stand in ``storage.plant_examples``.

Apart from it, so that the command line can offer the names without importing pandas.
"""

EXAMPLES = FLEET, FILTERS, PUMPS = "fd003_fleet", "filters", "simulated_pumps"

PUMP_LINE = "pump_line"
"""The plant that ``rul demo-feedback`` plays on."""
