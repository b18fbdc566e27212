import numpy as np

class Brain:
    def __init__(self, senses, neurons, answers):
        self.w_in = np.random.randn(senses, neurons)
        self.b_in = np.zeros(neurons)
        self.w_out = np.random.randn(neurons, answers)
        self.b_out = np.zeros(answers)

    def think(self, x):
        self.hidden = 1 / (1 + np.exp(-(x @ self.w_in + self.b_in)))
        o = self.hidden @ self.w_out + self.b_out
        o = np.exp(o - o.max(axis=1, keepdims=True))
        return o / o.sum(axis=1, keepdims=True)

    def train(self, x, answer, rate):
        out_delta = (self.think(x) - answer) / len(x)
        hidden_delta = out_delta @ self.w_out.T
        self.w_out -= rate * self.hidden.T @ out_delta
        self.b_out -= rate * out_delta.sum(axis=0)
        self.w_in -= rate * x.T @ hidden_delta
        self.b_in -= rate * hidden_delta.sum(axis=0)
