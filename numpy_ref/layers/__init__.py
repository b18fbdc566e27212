"""Layers: each a function y = f(x) with its derivative, `forward` and `backward` side by side.

Shapes: B is the batch, `grad` is dL/dy, L the loss, a mean over the batch. Names and meanings are PyTorch's.
"""

from numpy_ref.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from numpy_ref.layers.convolution import Conv2d
from numpy_ref.layers.dropout import Dropout
from numpy_ref.layers.linear import Linear
from numpy_ref.layers.normalization import BatchNorm1d, BatchNorm2d, Normalize
from numpy_ref.layers.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from numpy_ref.layers.shape import Flatten

__all__ = [
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "Normalize",
    "ReLU",
    "Sigmoid",
    "Tanh",
]
