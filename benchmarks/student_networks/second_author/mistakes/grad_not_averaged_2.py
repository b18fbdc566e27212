#!/usr/bin/env python
# -*- coding: utf-8 -*-
from __future__ import print_function, division
import numpy as np

def logistic(x): return 1./(1.+np.exp(-x))

class BPNN:
	def __init__(self, ni, nh, no):
		# number of input, hidden, and output nodes
		self.ni, self.nh, self.no = ni, nh, no
		self.wi = np.random.uniform(-0.8, 0.8, (ni, nh))
		self.bi = np.zeros(nh)
		self.wo = np.random.uniform(-0.8, 0.8, (nh, no))
		self.bo = np.zeros(no)
		self.ci = np.zeros((ni, nh)); self.co = np.zeros((nh, no))

	def update(self, inputs):
		self.ai = inputs
		self.ah = logistic(np.dot(self.ai, self.wi) + self.bi)
		self.ao = logistic(np.dot(self.ah, self.wo) + self.bo)
		return self.ao

	def backPropagate(self, targets, N, M):
		n = len(targets)
		output_deltas = (targets - self.ao) * self.ao * (1.0 - self.ao)
		hidden_deltas = np.dot(output_deltas, self.wo.T) * self.ah * (1.0 - self.ah)
		change = np.dot(self.ah.T, output_deltas)
		self.co = M*self.co + N*change
		self.wo += self.co
		self.bo += N*output_deltas.sum(axis=0)
		change = np.dot(self.ai.T, hidden_deltas)
		self.ci = M*self.ci + N*change
		self.wi += self.ci
		self.bi += N*hidden_deltas.sum(axis=0)
		return 0.5*np.sum((targets - self.ao)**2)/n

	def train(self, inputs, targets, N=0.5, M=0.0):
		self.update(inputs)
		return self.backPropagate(targets, N, M)
