"""Changes that make no difference beyond rounding: the comparison must not report them."""

from __future__ import annotations

from benchmarks.mutations.kinds import BOTH_DTYPES, CNN, FROZEN, MLP, TOWERS, Mutation, same
from benchmarks.mutations.layers import ACTIVATIONS, LINEAR, LOSSES, NORM, SHAPE, TOWER
from benchmarks.mutations.training import OPTIM, SCHEDULES, T_OPTIM

EQUIVALENT: list[Mutation] = [
    same("equivalent: Flatten channels last", MLP, SHAPE, "x.reshape(len(x), -1)", "x.transpose(0, 2, 3, 1).reshape(len(x), -1)",
         "with one channel the order of channels is the same"),
    same("equivalent: ReLU's gradient in place", MLP, ACTIVATIONS, "return grad * self._gate", "return np.multiply(grad, self._gate, out=grad)",
         "nobody reads the incoming gradient again"),
    same("equivalent: W xᵀ for x Wᵀ", MLP, LINEAR, "y = matmul(x, self.weight.data.T)",
         "y = np.ascontiguousarray(matmul(self.weight.data, np.ascontiguousarray(x.T)).T)", "the same sums", **BOTH_DTYPES),
    same("equivalent: mean for sum / n", MLP, LOSSES, "(np.log(total[:, 0]) - targeted).sum() / len(labels)", "(np.log(total[:, 0]) - targeted).mean()",
         "the same number but for rounding", **BOTH_DTYPES),
    same("equivalent: exponentials of the scores as they are", TOWERS, LOSSES, "np.exp(scores - scores.max(axis=1, keepdims=True))", "np.exp(scores)",
         "a common factor cancels; cosines do not overflow", **BOTH_DTYPES),
    same("equivalent: schedule by repeated products", MLP, SCHEDULES, "factor ** (step // every)", "math.prod([factor] * (step // every))",
         "the same power"),
    same("equivalent: SGD in one line", MLP, OPTIM, "        v *= self.momentum\n        v += g\n", "        v[...] = self.momentum * v + g\n",
         "the same sum"),
    same("equivalent: Adam's factors in another order", TOWERS, OPTIM, "step_size * (m / (np.sqrt(v) / root + self.eps))",
         "step_size * m / (np.sqrt(v) / root + self.eps)", "the same product but for rounding", **BOTH_DTYPES),
    same("equivalent: PyTorch's own loop for SGD", MLP, T_OPTIM, "nesterov=nesterov, fused=True", "nesterov=nesterov, fused=False",
         "the same formula, in another implementation", **BOTH_DTYPES),
    same("equivalent: frozen words kept over a pass", FROZEN, TOWER, "super().reset_sums()\n        self._frozen_words = None",
         "super().reset_sums()\n        self._frozen_words = getattr(self, '_frozen_words', None)", "a frozen tower's weights never change"),
    same("equivalent: Tanh's derivative factored", CNN, ACTIVATIONS, "(1 - self._y * self._y)", "((1 - self._y) * (1 + self._y))",
         "the same polynomial but for rounding", **BOTH_DTYPES),
    same("equivalent: division by a temperature of 1", MLP, LOSSES, "if self.temperature != 1:", "if True:", "dividing by 1 is exact"),
    same("equivalent: running variance multiplied before it is divided", CNN, NORM, "* (rows / (rows - 1))", "* rows / (rows - 1)",
         "the same factor but for rounding", **BOTH_DTYPES),
    same("equivalent: as many epochs and no more", MLP, "experiment/history.py", "len(history) >= trainer.max_epochs", "len(history) == trainer.max_epochs",
         "a training never has more"),
]  # fmt: skip
