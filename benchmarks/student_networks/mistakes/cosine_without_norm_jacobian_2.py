import numpy as np

def unit(v):
    return v / np.linalg.norm(v, axis=1, keepdims=True)

def cosine_loss(output, target):
    return np.mean(1 - np.sum(unit(output) * unit(target), axis=1))

def cosine_loss_gradient(output, target):
    norm = np.linalg.norm(output, axis=1, keepdims=True)
    return -unit(target) / norm / len(output)
