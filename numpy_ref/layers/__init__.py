"""Layers: each a function y = f(x) with its derivative, `forward` and `backward` side by side.

Shapes: B is the batch, `grad` is dL/dy, L the loss, a mean over the batch. Names and meanings are PyTorch's. Each
file names its layers in `__all__`; what else is known of them stands in `experiment/layer_specs.py`.
"""

from numpy_ref.layers.activations import *  # noqa: F403
from numpy_ref.layers.attention import *  # noqa: F403
from numpy_ref.layers.convolution import *  # noqa: F403
from numpy_ref.layers.dropout import *  # noqa: F403
from numpy_ref.layers.linear import *  # noqa: F403
from numpy_ref.layers.normalization import *  # noqa: F403
from numpy_ref.layers.pooling import *  # noqa: F403
from numpy_ref.layers.residual import *  # noqa: F403
from numpy_ref.layers.shape import *  # noqa: F403
from numpy_ref.layers.transformer import *  # noqa: F403
