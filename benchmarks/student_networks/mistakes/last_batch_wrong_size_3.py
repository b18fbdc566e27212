import numpy as np

BATCH = 4
RATE = 0.3

def make(d, h, c):
    return {'w1': np.random.randn(d, h) * .5, 'b1': np.zeros(h), 'w2': np.random.randn(h, c) * .5, 'b2': np.zeros(c)}

def forward(n, x):
    h = np.tanh(x @ n['w1'] + n['b1'])
    e = np.exp(h @ n['w2'] + n['b2'])
    return h, e / e.sum(axis=1, keepdims=True)

def train(n, X, T, epochs):
    for _ in range(epochs):
        for s in range(0, len(X), BATCH):
            x, t = X[s:s + BATCH], T[s:s + BATCH]
            h, p = forward(n, x)
            grad_logits = (p - t) / BATCH
            grad_h = grad_logits @ n['w2'].T * (1 - h ** 2)
            n['w2'] -= RATE * h.T @ grad_logits
            n['b2'] -= RATE * grad_logits.sum(axis=0)
            n['w1'] -= RATE * x.T @ grad_h
            n['b1'] -= RATE * grad_h.sum(axis=0)
