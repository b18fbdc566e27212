import numpy as np


class NumpyMLPClassifier:
    """Multi-layer perceptron with a scikit-learn like interface.

    Parameters
    ----------
    hidden_layer_sizes : tuple
    alpha : float, L2 penalty (divided by the number of samples, as in sklearn)
    """

    def __init__(self, hidden_layer_sizes=(100,), alpha=0.0001, learning_rate_init=0.001, batch_size=32,
                 max_iter=200, shuffle=True, random_state=None):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.alpha = alpha
        self.learning_rate_init = learning_rate_init
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state

    def _initialize(self, n_features, n_classes):
        rng = np.random.RandomState(self.random_state)
        sizes = [n_features] + list(self.hidden_layer_sizes) + [n_classes]
        self.coefs_, self.intercepts_ = [], []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
            bound = np.sqrt(6.0 / (fan_in + fan_out))
            self.coefs_.append(rng.uniform(-bound, bound, (fan_in, fan_out)))
            self.intercepts_.append(rng.uniform(-bound, bound, fan_out))
        return self

    def _forward_pass(self, X):
        activations = [X]
        for i, (W, b) in enumerate(zip(self.coefs_, self.intercepts_)):
            out = activations[-1] @ W
            out += b
            if i + 1 != len(self.coefs_):
                np.tanh(out, out=out)
            activations.append(out)
        logits = activations[-1]
        tmp = logits - logits.max(axis=1)[:, np.newaxis]
        np.exp(tmp, out=tmp)
        tmp /= tmp.sum(axis=1)[:, np.newaxis]
        activations[-1] = tmp
        return activations

    def _backprop(self, X, Y):
        n_samples = X.shape[0]
        activations = self._forward_pass(X)
        coef_grads = [None] * len(self.coefs_)
        intercept_grads = [None] * len(self.coefs_)
        delta = activations[-1] - Y
        for i in range(len(self.coefs_) - 1, -1, -1):
            coef_grads[i] = (activations[i].T @ delta + self.alpha * self.coefs_[i]) / n_samples
            intercept_grads[i] = np.mean(delta, axis=0)
            if i > 0:
                delta = delta @ self.coefs_[i].T
                delta *= 1 - activations[i] ** 2
        return coef_grads, intercept_grads

    def partial_fit(self, X, y, classes=None):
        if classes is not None and not hasattr(self, "coefs_"):
            self.classes_ = np.asarray(classes)
            self._initialize(X.shape[1], len(self.classes_))
        Y = (y[:, None] == self.classes_[None, :]).astype(float)
        coef_grads, intercept_grads = self._backprop(X, Y)
        for i in range(len(self.coefs_)):
            self.coefs_[i] -= self.learning_rate_init * coef_grads[i]
            self.intercepts_[i] -= self.learning_rate_init * intercept_grads[i]
        return self

    def fit(self, X, y):
        if not hasattr(self, "coefs_"):
            self.classes_ = np.unique(y)
            self._initialize(X.shape[1], len(self.classes_))
        n_samples = len(X)
        for it in range(self.max_iter):
            order = np.random.permutation(n_samples) if self.shuffle else np.arange(n_samples)
            for start in range(0, n_samples - self.batch_size + 1, self.batch_size):
                idx = order[start:start + self.batch_size]
                self.partial_fit(X[idx], y[idx])
        return self

    def predict_proba(self, X):
        return self._forward_pass(X)[-1]

    def predict(self, X):
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def score(self, X, y):
        return np.mean(self.predict(X) == y)
