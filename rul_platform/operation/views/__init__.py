"""What pages tell, as plain values: nothing here knows HTTP, HTML or a language."""
