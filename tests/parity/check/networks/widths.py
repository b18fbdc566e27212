"""Any number of widths; each layer is a dictionary with the name of its activation, made by a function of its own."""

import numpy as np


def create_layer(inputs, outputs, kind):
    return {"w": np.random.randn(outputs, inputs) / np.sqrt(inputs), "b": np.zeros(outputs), "kind": kind}


def create_network(inputs, *widths):
    kinds = ["sigmoid"] * (len(widths) - 1) + ["softmax"]
    return [create_layer(a, b, kind) for a, b, kind in zip((inputs, *widths), widths, kinds)]


def forward(network, x):
    for layer in network:
        layer["x"] = x
        z = x @ layer["w"].T + layer["b"]
        if layer["kind"] == "sigmoid":
            x = 1 / (1 + np.exp(-z))
        else:
            e = np.exp(z - z.max(1, keepdims=True))
            x = e / e.sum(1, keepdims=True)
        layer["out"] = x
    return x


def train_step(network, x, targets, lr):
    d = (forward(network, x) - targets) / len(x)
    for layer in reversed(network):
        if layer["kind"] == "sigmoid":
            d = d * layer["out"] * (1 - layer["out"])
        passed_on = d @ layer["w"]
        layer["w"] -= lr * d.T @ layer["x"]
        layer["b"] -= lr * d.sum(0)
        d = passed_on
