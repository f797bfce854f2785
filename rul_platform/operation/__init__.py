"""A model at work: answering, listening, deciding when to retrain, deploying, guarding."""
