"""Looking into trained models: their health, and what made an answer."""
