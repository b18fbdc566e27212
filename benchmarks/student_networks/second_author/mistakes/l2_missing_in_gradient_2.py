import numpy as np
rng = np.random.RandomState(42)


def new_layer(rows, cols, activation):
    return {"w": rng.normal(scale=np.sqrt(2.0 / rows), size=(rows, cols)), "b": np.zeros((1, cols)), "f": activation}


def create_network(n_inputs, *widths):
    net, last = [], n_inputs
    for i, width in enumerate(widths):
        net.append(new_layer(last, width, "elu" if i < len(widths) - 1 else None))
        last = width
    return net


def activate(z, name):
    if name == "elu":
        return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)
    return z


def derivative(z, name):
    if name == "elu":
        return np.where(z > 0, 1, np.exp(np.minimum(z, 0)))
    return np.ones_like(z)


def run_forward(net, x):
    for layer in net:
        layer["in"] = x
        layer["z"] = x @ layer["w"] + layer["b"]
        x = activate(layer["z"], layer["f"])
    e = np.exp(x - np.amax(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def cost(net, x, y, l2):
    p = run_forward(net, x)
    data = -np.log(np.take_along_axis(p, y[:, None], axis=1)).mean()
    return data + l2 * sum(np.square(layer["w"]).sum() for layer in net)


def run_backward(net, p, y, l2):
    n = y.shape[0]
    t = np.zeros(p.shape)
    np.put_along_axis(t, y[:, None], 1, axis=1)
    err = (p - t) / n
    for layer in net[::-1]:
        err = err * derivative(layer["z"], layer["f"])
        layer["gw"] = layer["in"].T @ err
        layer["gb"] = np.sum(err, axis=0, keepdims=True)
        err = err @ layer["w"].T


def train_once(net, x, y, rate=0.1, l2=0.03):
    p = run_forward(net, x)
    run_backward(net, p, y, l2)
    for layer in net:
        for k in ("w", "b"):
            layer[k] = layer[k] - rate * layer["g" + k]


def accuracy(net, x, y):
    return (run_forward(net, x).argmax(axis=1) == y).sum() / y.size
