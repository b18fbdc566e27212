import numpy as np


class CrossEntropyLoss:
    def forward(self, logits, labels):
        self.labels = labels
        top = logits.max(axis=1, keepdims=True)
        self.lse = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        self.logits = logits
        return (self.lse[:, 0] - logits[np.arange(len(labels)), labels]).mean()

    def backward(self):
        g = np.exp(self.logits - self.lse)
        g[np.arange(len(self.labels)), self.labels] -= 1
        return g / len(self.labels)
