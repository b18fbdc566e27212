"""Self-attention with the sums of its biases' gradients taken number by number: perturbed runs of attention.

Where all points look alike, each adds the same number to the gradient of a bias. Equal numbers add up with an error
that grows with how many they are, which no moved input shows.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import linear, scaled_dot_product_attention

from lightning_models.layers import MultiheadAttention
from parity.bands import Arrays


def attention_number_by_number(
    module: MultiheadAttention, x: np.ndarray, grad_y: np.ndarray, run: Arrays, dtype: type | None
) -> Arrays:
    """`run` with the sums over all points taken one by one, as they are or with more digits (`dtype`)."""
    size = x.shape[2]
    terms = {"in_proj_bias": _gradient_of_projected(module, x, grad_y), "out_proj.bias": grad_y.reshape(-1, size)}
    sums = {name: np.cumsum(rows, axis=0, dtype=dtype)[-1].astype(x.dtype) for name, rows in terms.items()}
    sums["in_proj_bias"][size : 2 * size] = 0  # that of k: see numpy_ref/layers/attention.py
    return run | sums


@torch.enable_grad()
def _gradient_of_projected(module: MultiheadAttention, x: np.ndarray, grad_y: np.ndarray) -> np.ndarray:
    """dL/d(q, k, v) of every point (B T, 3 D), by autograd."""
    samples, points, size = x.shape
    weights = {name: parameter.detach() for name, parameter in module.named_parameters()}  # no gradient goes there
    projected = linear(torch.from_numpy(np.array(x)), weights["in_proj_weight"], weights["in_proj_bias"])
    projected.requires_grad_(True)
    heads = projected.reshape(samples, points, 3, module.num_heads, -1).permute(2, 0, 3, 1, 4)
    mask = None if module._padding is None else ~module._padding[:, None, None, :]
    outputs = scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=mask)
    joined = outputs.transpose(1, 2).reshape(samples, points, size)
    y = linear(joined, weights["out_proj.weight"], weights["out_proj.bias"])
    (gradient,) = torch.autograd.grad(y, projected, torch.from_numpy(np.array(grad_y)))
    return gradient.reshape(-1, 3 * size).numpy()
