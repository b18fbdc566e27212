"""What a network needs around its layers: parameters with gradients, and names for them.

The names are those of PyTorch's `state_dict` ("layers.0.weight"), so the weights of one track load in the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


class Parameter:
    """Trained numbers: `data`, and `grad`, the derivative of the loss with respect to them (same shape)."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.grad = np.zeros_like(data)


class Module:
    """Something with parameters, buffers (arrays that are saved but not trained) and submodules, all attributes.

    Attributes that begin with an underscore hold what `backward` needs, and are none of these.
    """

    training = True
    """Whether `forward` is for training; Dropout and BatchNorm work differently in evaluation."""

    def train(self, mode: bool = True) -> None:
        """Switch this module and all within it to training, or to evaluation."""
        self.training = mode
        for _, child in self._named_children():
            if isinstance(child, Module):
                child.train(mode)

    def eval(self) -> None:
        """Switch to evaluation."""
        self.train(False)

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Names and parameters, in the order in which the attributes were set, as in PyTorch."""
        yield from ((name, value) for name, value in self._named_leaves() if isinstance(value, Parameter))

    def parameters(self) -> list[Parameter]:
        """The parameters without their names."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        """Names and layers that contain no further layers, in order."""
        for name, child in self._named_children():
            if isinstance(child, Module):
                inner = [(f"{name}.{rest}", layer) for rest, layer in child.named_layers()]
                yield from inner or ([(name, child)] if isinstance(child, Layer) else [])

    def named_blocks(self) -> Iterator[tuple[str, Layer]]:
        """Names and layers that are made of other layers, but for a plain Sequential; those within others first."""
        for name, child in self._named_children():
            if isinstance(child, Module):
                yield from ((f"{name}.{rest}", block) for rest, block in child.named_blocks())
                if isinstance(child, Layer) and not isinstance(child, Sequential) and any(child.named_layers()):
                    yield name, child

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers, by name."""
        return {name: np.array(array, order="C") for name, array in self._named_arrays()}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Copy all parameters and buffers from `state`; a missing, unknown or misshapen one is a ValueError."""
        arrays = dict(self._named_arrays())
        if arrays.keys() != state.keys():
            raise ValueError(f"expected the weights {sorted(arrays)}, not {sorted(state)}")
        for name, array in arrays.items():
            if array.shape != state[name].shape:
                raise ValueError(f"{name}: expected the shape {array.shape}, not {state[name].shape}")
            array[...] = state[name]

    def _named_arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        for name, value in self._named_leaves():
            yield name, value.data if isinstance(value, Parameter) else value

    def _named_leaves(self, prefix: str = "") -> Iterator[tuple[str, Parameter | np.ndarray]]:
        for name, value in self._named_children():
            if isinstance(value, Module):
                yield from value._named_leaves(f"{prefix}{name}.")
            elif isinstance(value, Parameter | np.ndarray):
                yield prefix + name, value

    def _named_children(self) -> Iterator[tuple[str, object]]:
        yield from ((name, value) for name, value in vars(self).items() if not name.startswith("_"))


class Layer(Module):
    """A differentiable function with one input and one output."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The output y for `x`; keeps what `backward` needs."""
        raise NotImplementedError

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """From dL/dy to dL/dx, setting the parameters' `grad`."""
        raise NotImplementedError

    def backward_parameters(self, grad: np.ndarray) -> None:
        """Set the parameters' `grad` only. A layer whose dL/dx is costly overrides this and leaves dL/dx out."""
        self.backward(grad)


class Sequential(Layer):
    """Layers one after the other: y = last(... second(first(x)))."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers
        with_parameters = (number for number, layer in enumerate(layers) if layer.parameters())
        self._first = next(with_parameters, len(layers))

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Through every layer, in order."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """dL/dx: through every layer from last to first (chain rule)."""
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad

    def backward_parameters(self, grad: np.ndarray) -> None:
        """All that a training needs: `backward` down to the first layer with parameters, without that layer's dL/dx.

        dL/dx of the first layer costs as much as its dL/dW, and nobody asks how the loss changes with the pixels.
        """
        for layer in reversed(self.layers[self._first + 1 :]):
            grad = layer.backward(grad)
        for layer in self.layers[self._first : self._first + 1]:
            layer.backward_parameters(grad)

    def _named_children(self) -> Iterator[tuple[str, object]]:
        yield from ((str(number), layer) for number, layer in enumerate(self.layers))
