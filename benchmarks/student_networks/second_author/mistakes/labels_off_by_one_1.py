import numpy as np
from collections import defaultdict

# hyperparameters
batch_size = 10
learning_rate = 1e-1

def build_model(D, H, C):
  model = {}
  model['W1'] = np.random.randn(H, D) / np.sqrt(D) # "Xavier" initialization
  model['W2'] = np.random.randn(C, H) / np.sqrt(H)
  return model

def forward_pass(model, x):
  h = np.dot(model['W1'], x)
  h[h < 0] = 0 # ReLU nonlinearity
  scores = np.dot(model['W2'], h)
  p = np.exp(scores - np.max(scores))
  p /= np.sum(p)
  return p, h # probability of each action, and hidden state

def backward_pass(model, eph, epx, D):
  """ backward pass. (eph is array of intermediate hidden states) """
  dW2 = np.dot(D.T, eph)
  dh = np.dot(D, model['W2'])
  dh[eph <= 0] = 0 # backprop relu
  dW1 = np.dot(dh.T, epx)
  return {'W1': dW1, 'W2': dW2}

def learn(model, X, y, lr=learning_rate):
  xs, hs, dscores = [], [], []
  loss = 0.0
  for x, target in zip(X, y):
    p, h = forward_pass(model, x)
    dlogp = p.copy()
    dlogp[target - 1] -= 1
    loss += -np.log(p[target])
    xs.append(x); hs.append(h); dscores.append(dlogp)
  epx, eph, D = np.vstack(xs), np.vstack(hs), np.vstack(dscores)
  grad = backward_pass(model, eph, epx, D)
  for k, v in model.items():
    v -= lr * grad[k] / len(X)
  return loss / len(X)
