"""Hyperparameter search: what is searched, who does which trial, and what came of it. The searching is Optuna's."""
