import numpy as np


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = np.mean(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, x):
    return dout * (x > 0)


def softmax_loss(x, y):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def init_model(D, H, C, weight_scale=1e-1):
    return {'W1': weight_scale * np.random.randn(D, H), 'b1': np.zeros(H),
            'W2': weight_scale * np.random.randn(H, C), 'b2': np.zeros(C)}


def loss_and_grads(model, X, y):
    a, c1 = affine_forward(X, model['W1'], model['b1'])
    r, c2 = relu_forward(a)
    s, c3 = affine_forward(r, model['W2'], model['b2'])
    loss, ds = softmax_loss(s, y)
    grads = {}
    dr, grads['W2'], grads['b2'] = affine_backward(ds, c3)
    _, grads['W1'], grads['b1'] = affine_backward(relu_backward(dr, c2), c1)
    return loss, grads


def sgd(model, grads, lr):
    for k in model:
        model[k] -= lr * grads[k]
