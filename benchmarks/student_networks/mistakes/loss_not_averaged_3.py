import numpy as np

def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))

def cross_entropy(logits, targets):
    return -np.sum(targets * log_softmax(logits))

def cross_entropy_gradient(logits, targets):
    return (np.exp(log_softmax(logits)) - targets) / len(logits)
