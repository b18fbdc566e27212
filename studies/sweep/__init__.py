"""Hyperparameter sweeps: definition, trials and ranking. Optuna does the search."""
