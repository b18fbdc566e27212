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

def policy_forward(model, x):
  h = np.dot(model['W1'], x)
  h[h < 0] = 0 # ReLU nonlinearity
  logp = np.dot(model['W2'], h)
  p = np.exp(logp - np.max(logp))
  p /= np.sum(p)
  return p, h # probability of each action, and hidden state

def policy_backward(model, eph, epx, epdlogp):
  """ backward pass. (eph is array of intermediate hidden states) """
  dW2 = np.dot(epdlogp.T, eph)
  dh = np.dot(epdlogp, model['W2'])
  dh[eph <= 0] = 0 # backprop relu
  dW1 = np.dot(dh.T, epx)
  return {'W1': dW1, 'W2': dW2}

def learn(model, X, y, lr=learning_rate):
  xs, hs, dlogps = [], [], []
  loss = 0.0
  for x, target in zip(X, y):
    p, h = policy_forward(model, x)
    dlogp = p.copy()
    dlogp[target] -= 1
    loss += -np.log(p[target])
    xs.append(x); hs.append(h); dlogps.append(dlogp)
  epx, eph, epdlogp = np.vstack(xs), np.vstack(hs), np.vstack(dlogps)
  grad = policy_backward(model, eph, epx, epdlogp)
  for k, v in model.items():
    v = v - lr * grad[k] / len(X)
  model['W2'] = v
  return loss / len(X)
