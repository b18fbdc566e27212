import numpy as np

class DecayNet:
    def __init__(self, dims):
        self.w = [np.random.randn(o, i) / i ** .5 for i, o in zip(dims, dims[1:])]
        self.b = [np.random.randn(o, 1) * .3 for o in dims[1:]]

    def acts(self, x):
        a = [x]
        for w, b in zip(self.w[:-1], self.b[:-1]):
            a.append(np.tanh(w @ a[-1] + b))
        e = np.exp(self.w[-1] @ a[-1] + self.b[-1])
        return a + [e / e.sum(0)]

    def objective(self, x, y, lam):
        p = self.acts(x)[-1]
        return -np.log(p[y, np.arange(y.size)]).mean() + 0.5 * lam * sum((w ** 2).sum() for w in self.w)

    def update(self, x, y, lr, lam):
        a = self.acts(x)
        d = a[-1].copy()
        d[y, np.arange(y.size)] -= 1
        d /= y.size
        ds = [d]
        for l in range(len(self.w) - 1, 0, -1):
            ds.insert(0, self.w[l].T @ ds[0] * (1 - a[l] ** 2))
        for l, d in enumerate(ds):
            self.w[l] = (1 - lr * lam) * self.w[l] - lr * d @ a[l].T
            self.b[l] = (1 - lr * lam) * self.b[l] - lr * d.sum(axis=1, keepdims=True)
