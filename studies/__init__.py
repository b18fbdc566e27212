"""Work over many runs: hyperparameter sweeps, published results reproduced, and the report."""
