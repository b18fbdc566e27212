"""The bugs that benchmarks/planted_bugs.py plants: what is changed, where it shows, and what must be said of it."""

from benchmarks.mutations.both import BOTH
from benchmarks.mutations.equivalent import EQUIVALENT
from benchmarks.mutations.kinds import Change, Mutation
from benchmarks.mutations.layers import LAYERS
from benchmarks.mutations.pairs import PAIRS
from benchmarks.mutations.training import TRAINING
from benchmarks.mutations.unforeseen import UNFORESEEN

MUTATIONS = [*TRAINING, *LAYERS, *UNFORESEEN, *BOTH, *PAIRS, *EQUIVALENT]
"""All of them, the ones that were reported missed first."""

__all__ = ["MUTATIONS", "Change", "Mutation"]
