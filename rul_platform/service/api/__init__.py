"""What systems call: JSON under ``/api/v1/rul``."""
