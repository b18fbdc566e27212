import numpy as np


def init_state(n_features, n_classes):
    theta = {'coef': np.random.randn(n_features, n_classes) * 0.1, 'intercept': np.zeros(n_classes)}
    moments = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in theta.items()}
    return theta, moments, 0


def softmax(s):
    s = np.exp((s.T - s.max(axis=1)).T)
    return (s.T / s.sum(axis=1)).T


def predict_proba(state, X):
    theta = state[0]
    return softmax(X @ theta['coef'] + theta['intercept'])


def fit_step(state, X, y, lr=0.05, wd=0.1, beta1=0.9, beta2=0.99, eps=1e-8):
    theta, moments, k = state
    k = k + 1
    err = predict_proba(state, X)
    err[np.arange(len(y)), y] -= 1.0
    grad = {'coef': (err.T @ X).T / len(y), 'intercept': err.mean(axis=0)}
    new_theta, new_moments = {}, {}
    for name in theta:
        g = grad[name] + wd * theta[name]
        m, v = moments[name]
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        direction = (m / (1 - beta1 ** k)) / (np.sqrt(v / (1 - beta2 ** k)) + eps)
        new_theta[name] = theta[name] - lr * direction
        new_moments[name] = (m, v)
    return new_theta, new_moments, k
