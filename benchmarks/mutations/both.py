"""The same mistake in both tracks: both compute the same, and only central differences can tell that it is wrong."""

from __future__ import annotations

from benchmarks.mutations.kinds import CNN, MLP, POOLED, TOWERS, Change, Mutation, in_both
from benchmarks.mutations.layers import (
    ACTIVATIONS,
    CONV,
    DROPOUT,
    LINEAR,
    LOSSES,
    NORM,
    POOLING,
    T_LAYERS,
    T_LOSSES,
    T_TOWER,
    TOWER,
    TWO,
)
from benchmarks.mutations.training import CLASSIFIER, T_CLASSIFIER


def _layer(code: str) -> Change:
    """A layer of one's own in the Lightning track, in the place of PyTorch's."""
    return Change(T_LAYERS, "class Normalize(Module):", f"{code.strip()}\n\n\nclass Normalize(Module):")


BOTH: list[Mutation] = [
    in_both("both: cross-entropy's gradient doubled", MLP, Change(LOSSES, "grad /= len(grad) * self.temperature", "grad /= len(grad) * self.temperature / 2"),
            Change(T_LOSSES, "        return super().forward(scores if self.temperature == 1 else scores / self.temperature, labels)",
                   "        loss = super().forward(scores if self.temperature == 1 else scores / self.temperature, labels)\n"
                   "        return 2 * loss - loss.detach()"), "CrossEntropyLoss"),
    in_both("both: Normalize without its Jacobian", TOWERS, Change(NORM, "(grad - self._y * along)", "grad"),
            Change(T_LAYERS, "normalize(x, dim=1)", "x / x.norm(dim=1, keepdim=True).detach()"), "Normalize"),
    in_both("both: Tanh passes gradients on", CNN, Change(ACTIVATIONS, "grad * (1 - self._y * self._y)", "grad"), _layer("""
class Tanh(Module):
    def forward(self, x):
        return x - (x - torch.tanh(x)).detach()"""), "Tanh"),
    in_both("both: Sigmoid without 1 - y", CNN, Change(ACTIVATIONS, "(self._y * (1 - self._y))", "self._y"), _layer("""
class Sigmoid(Module):
    def forward(self, x):
        y = torch.sigmoid(x).detach()
        return x * y - (x * y - y).detach()"""), "Sigmoid"),
    in_both("both: LeakyReLU with no slope on the way back", CNN,
            Change(ACTIVATIONS, "np.where(self._gate, grad, grad * grad.dtype.type(self.negative_slope))", "np.where(self._gate, grad, grad * 0)"),
            _layer("""
class LeakyReLU(Module):
    def forward(self, x):
        return torch.where(x > 0, x, 0.01 * x.detach())"""), "LeakyReLU"),
    in_both("both: Dropout without a mask on the way back", CNN,
            Change(DROPOUT, "grad if self._mask is None else grad * self._mask", "grad"),
            Change(T_LAYERS, "return x * (torch.from_numpy(mask).to(x) / (1 - self.p))",
                   "y = x * (torch.from_numpy(mask).to(x) / (1 - self.p))\n        return x - (x - y).detach()"), "Dropout"),
    in_both("both: batch norm's statistics held constant", CNN, Change(NORM, "        if self.training:\n            dx -=", "        if False:\n            dx -="),
            _layer("""
def _with_constants(norm, x, y):
    axes = [axis for axis in range(x.ndim) if axis != 1]
    mean, var = x.detach().mean(axes, keepdim=True), x.detach().var(axes, unbiased=False, keepdim=True)
    shape = mean.shape
    linear = (x - mean) / torch.sqrt(var + norm.eps) * norm.weight.view(shape) + norm.bias.view(shape)
    return linear - (linear - y).detach() if norm.training else y


class BatchNorm1d(torch.nn.BatchNorm1d):
    def forward(self, x):
        return _with_constants(self, x, super().forward(x))


class BatchNorm2d(torch.nn.BatchNorm2d):
    def forward(self, x):
        return _with_constants(self, x, super().forward(x))"""), "BatchNorm"),
    in_both("both: dL/dW of Linear doubled", MLP, Change(LINEAR, f"return {TWO}", f"dx = {TWO}\n        self.weight.grad *= 2\n        return dx"), _layer("""
class Linear(torch.nn.Linear):
    def forward(self, x):
        return torch.nn.functional.linear(x, 2 * self.weight - self.weight.detach(), self.bias) if self.in_features < 100 else super().forward(x)
"""), "Linear"),
    in_both("both: dL/dx of Linear halved", MLP, Change(LINEAR, "(grad, self.weight.data), out", "(grad / 2, self.weight.data), out"), _layer("""
class Linear(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x / 2 + (x / 2).detach())"""), "Linear"),
    in_both("both: no gradient for the bias of Conv2d", POOLED, Change(CONV, "np.ones(len(rows), grad.dtype) @ rows", "0"), _layer("""
class Conv2d(torch.nn.Conv2d):
    def forward(self, x):
        return self._conv_forward(x, self.weight, self.bias.detach())"""), "Conv2d|layers.0"),
    in_both("both: AvgPool2d's gradient doubled", CNN, Change(POOLING, "/ self.kernel_size**2", "/ self.kernel_size"), _layer("""
class AvgPool2d(torch.nn.AvgPool2d):
    def forward(self, x):
        return super().forward(2 * x - x.detach())"""), "AvgPool2d"),
    in_both("both: ReLU open on the way back", MLP, Change(ACTIVATIONS, "return grad * self._gate", "return grad * 1.0"), _layer("""
class ReLU(Module):
    def forward(self, x):
        return x - (x - torch.relu(x)).detach()"""), "ReLU"),
    in_both("both: cosine's gradient halved", TOWERS, Change(LOSSES, "grad[self._true] = -1 / len(grad)", "grad[self._true] = -0.5 / len(grad)"),
            Change(T_LOSSES, "(1 - scores.gather(1, labels[:, None])).mean()",
                   "(1 - (scores / 2 + (scores / 2).detach()).gather(1, labels[:, None])).mean()"), "CosineLoss"),
    in_both("both: margin forgets the true class", TOWERS, Change(LOSSES, "grad[self._true] = -grad.sum(axis=1)", "grad[self._true] = 0"),
            Change(T_LOSSES, "        super().__init__(margin=margin)\n", """        super().__init__(margin=margin)

    def forward(self, scores, labels):
        own = scores.gather(1, labels[:, None])
        return super().forward(scores.scatter(1, labels[:, None], own.detach()), labels)
"""), "MarginLoss"),
    in_both("both: binary cross-entropy's gradient doubled", POOLED, Change(LOSSES, "grad /= grad.size", "grad /= grad.size / 2"),
            Change(T_LOSSES, "return binary_cross_entropy_with_logits(scores,", "return binary_cross_entropy_with_logits(2 * scores - scores.detach(),"),
            "BinaryCrossEntropyLoss"),
    in_both("both: penalty's gradient without the 2", MLP, Change(CLASSIFIER, "w.grad += 2 * self", "w.grad += self"),
            Change(T_CLASSIFIER, "total = total + self._experiment.optimizer.l2 * terms[\"loss_l2\"]",
                   "half = terms[\"loss_l2\"] / 2\n                total = total + self._experiment.optimizer.l2 * (half + half.detach())"),
            "layers."),
    in_both("both: words never trained", TOWERS, Change(TOWER, "self.word_tower.backward_parameters(self.word_norm.backward(grad.T @ self._u))", "pass"),
            Change(T_TOWER, "self.features(images) @ self.words().T", "self.features(images) @ self.words().detach().T"), "word_tower"),
]  # fmt: skip
