"""What is true about machines, on paper: NumPy, pandas and pyarrow only, no I/O."""
