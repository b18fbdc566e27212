import numpy as np

f32 = np.float32


class TinyNet:
    def __init__(self, d, h, c, rng=np.random):
        self.A = rng.normal(0, 1 / np.sqrt(d), (h, d)).astype(f32)
        self.a = np.zeros(h, f32)
        self.B = rng.normal(0, 1 / np.sqrt(h), (c, h)).astype(f32)
        self.b = np.zeros(c, f32)

    def logits(self, x):
        self.x = x.astype(f32)
        self.u = np.einsum('nd,hd->nh', self.x, self.A) + self.a
        self.h = np.tanh(self.u)
        return np.einsum('nh,ch->nc', self.h, self.B) + self.b

    def sgd(self, x, y, lr):
        z = self.logits(x)
        z -= z.max(axis=1, keepdims=True)
        lse = np.log(np.exp(z).sum(axis=1))
        loss = (lse - z[np.arange(len(y)), y]).mean()
        dz = np.exp(z - lse[:, None])
        np.subtract.at(dz, (np.arange(len(y)), y), f32(1))
        dh = np.einsum('nc,ch->nh', dz, self.B)
        du = dh - dh * self.h * self.h
        k = f32(lr / len(y))
        self.B -= k * np.einsum('nc,nh->ch', dz, self.h)
        self.b -= k * np.einsum('nc->c', dz)
        self.A -= k * np.einsum('nh,nd->hd', du, self.x)
        self.a -= k * np.einsum('nh->h', du)
        return float(loss)
