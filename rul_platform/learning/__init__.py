"""Everything that needs torch or scikit-learn."""
