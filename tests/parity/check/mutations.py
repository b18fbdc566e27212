"""Our own networks with one mistake (or two) written into them: (file, what is written, what it becomes, ids)."""

from __future__ import annotations

from pathlib import Path

NETWORKS = Path(__file__).parent / "networks"
Mutation = tuple[str, list[tuple[str, str]], list[str]]

MUTATIONS: list[Mutation] = [
    ("functions.py", [("db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)", "db2 = 1 / m * np.sum(dZ2)")], ["bias_grad_wrong_axis"]),
    ("functions.py", [("return Z > 0", "return Z")], ["relu_value_for_derivative"]),
    ("functions.py", [("* ReLU_deriv(Z1)", "")], ["relu_mask_missing"]),
    ("functions.py", [("* ReLU_deriv(Z1)", "* A1 * (1 - A1)")], ["sigmoid_derivative_for_relu"]),
    ("functions.py", [("1 / m * dZ", "dZ"), ("1 / m * np", "np")], ["grad_not_averaged"]),
    ("functions.py", [("dZ2 = A2 - one_hot_Y", "dZ2 = (A2 - one_hot_Y) / m")], ["grad_averaged_twice"]),
    ("functions.py", [("dZ2 = A2 - one_hot_Y", "dZ2 = (A2 - one_hot_Y) * A2 * (1 - A2)")], ["softmax_derivative_elementwise"]),
    ("functions.py", [("dZ2 = A2 - one_hot_Y", "dZ2 = one_hot_Y - A2")], ["sign_flipped"]),
    ("functions.py", [("dZ2.dot(A1.T)", "dZ2.dot(Z1.T)")], ["wrong_layer_input"]),
    ("functions.py", [("dZ1 = W2.T.dot(dZ2)", "dZ1 = W2.dot(dZ2)")], ["weights_transposed_in_backprop"]),
    ("functions.py", [("dW2 = 1 / m * dZ2.dot(A1.T)", "dW2 = 1 / m * A1.dot(dZ2.T)")], ["weight_grad_transposed"]),
    ("functions.py", [("e / e.sum(axis=0)", "e / e.sum(axis=1, keepdims=True)")], ["softmax_wrong_axis"]),
    ("functions.py", [("b1 = b1 - alpha * db1\n", "b1 = b1\n"), ("b2 = b2 - alpha * db2\n", "b2 = b2\n")], ["bias_not_updated"]),
    ("functions.py", [("W1 = W1 - alpha * dW1", "W1 = W1")], ["weight_not_updated"]),
    ("functions.py", [("Z2 = W2.dot(A1) + b2", "Z2 = W2.dot(A1)")], ["bias_missing_forward"]),
    ("functions.py", [("A1 = ReLU(Z1)", "A1 = Z1")], ["activation_missing_forward"]),
    ("functions.py", [("A2 = softmax(Z2)", "A2 = softmax(ReLU(Z2))")], ["activation_on_output"]),
    ("functions.py", [("A2 = softmax(Z2)", "A2 = softmax(softmax(Z2))")], ["softmax_twice"]),
    ("functions.py", [("one_hot_Y[np.arange(Y.size), Y] = 1", "one_hot_Y[np.arange(Y.size), Y - 1] = 1")], ["labels_off_by_one"]),
    ("functions.py", [("* ReLU_deriv(Z1)", ""), ("db2 = 1 / m * np.sum(dZ2, axis=1, keepdims=True)", "db2 = 1 / m * np.sum(dZ2)")],
     ["relu_mask_missing", "bias_grad_wrong_axis"]),
    ("stanford.py", [("da[a <= 0] = 0", "pass")], ["relu_mask_missing"]),
    ("stanford.py", [("da[a <= 0] = 0", "da[da <= 0] = 0")], ["relu_mask_from_grad"]),
    ("stanford.py", [("d /= N", "pass")], ["grad_not_averaged"]),
    ("stanford.py", [("d /= N", "d /= N * N")], ["grad_averaged_twice"]),
    ("stanford.py", [("d /= N", "d /= d.size")], ["grad_divided_by_classes"]),
    ("stanford.py", [("2 * reg * W", "reg * W")], ["l2_without_two"]),
    ("stanford.py", [("+ 2 * reg * W2", ""), ("+ 2 * reg * W1", "")], ["l2_missing_in_gradient"]),
    ("stanford.py", [("+ 2 * reg * W", "- 2 * reg * W")], ["l2_sign"]),
    ("stanford.py", [("d.sum(axis=0)", "d.sum(axis=0) + 2 * reg * b2"), ("da.sum(axis=0)", "da.sum(axis=0) + 2 * reg * b1")], ["l2_on_biases"]),
    ("stanford.py", [("= d.sum(axis=0)", "= d.mean(axis=0)"), ("= da.sum(axis=0)", "= da.mean(axis=0)")], ["bias_grad_averaged"]),
    ("stanford.py", [(".mean() + reg", ".sum() + reg")], ["loss_not_averaged"]),
    ("stanford.py", [("self.params[k] -= learning_rate", "self.params[k] += learning_rate")], ["sign_flipped"]),
    ("stanford.py", [("self.params[k] -= learning_rate", "self.params[k] -= batch_size * learning_rate")], ["lr_times_batch_size"]),
    ("columns.py", [("return sigmoid(z) * (1 - sigmoid(z))", "return z * (1 - z)")], ["sigmoid_derivative_of_z"]),
    ("columns.py", [("sp = sigmoid_prime(z)", "sp = 1")], ["sigmoid_derivative_missing"]),
    ("columns.py", [("sp = sigmoid_prime(z)", "sp = sigmoid_prime(sigmoid(z))")], ["sigmoid_derivative_twice"]),
    ("columns.py", [("(eta / len(mini_batch)) * nw", "eta * nw"), ("(eta / len(mini_batch)) * nb", "eta * nb")], []),
    ("columns.py", [("b - (eta / len(mini_batch)) * nb", "b")], ["bias_not_updated"]),
    ("course.py", [("dZ[cache <= 0] = 0", "pass")], ["relu_mask_missing"]),
    ("course.py", [("return dA * s * (1 - s)", "return dA")], ["sigmoid_derivative_missing"]),
    ("course.py", [("1.0 / m * np.sum(dZ, axis=1, keepdims=True)", "np.sum(dZ, axis=1, keepdims=True)")], ["grad_not_averaged"]),
    ("course.py", [('- learning_rate * grads["dW', '- learning_rate * 5 * grads["dW')], []),
    ("course.py", [("return np.dot(W.T, dZ)", "return np.dot(W.T, dZ) / m")], ["grad_averaged_twice"]),
    ("scratch.py", [("self.dinputs[self.inputs <= 0] = 0", "pass")], ["relu_mask_missing"]),
    ("scratch.py", [("self.dinputs = self.dinputs / samples", "pass")], ["grad_not_averaged"]),
    ("scratch.py", [("np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)")], ["bias_grad_averaged"]),
    ("scratch.py", [("self.inputs = inputs\n        self.output = np.dot", "if not hasattr(self, 'inputs'):\n            self.inputs = inputs\n        self.output = np.dot")],
     ["stale_cache"]),
    ("scratch.py", [("self.dweights = np.dot(self.inputs.T, dvalues)", "self.dweights = getattr(self, 'dweights', 0) + np.dot(self.inputs.T, dvalues)"),
                    ("self.dbiases = np.sum", "self.dbiases = getattr(self, 'dbiases', 0) + np.sum")], ["grad_not_reset"]),
    ("scratch.py", [("momentum=0.0", "momentum=0.9")], []),
    ("scratch.py", [("momentum=0.0", "momentum=0.9"), ("- self.current_learning_rate * layer.dw", "- (1 - self.momentum) * self.current_learning_rate * layer.dw"),
                    ("- self.current_learning_rate * layer.db", "- (1 - self.momentum) * self.current_learning_rate * layer.db")], ["momentum_dampened"]),
    ("scratch.py", [("momentum=0.0", "momentum=0.9"), ("layer.weight_momentums = w", "pass"), ("layer.bias_momentums = b", "pass")], ["momentum_reset_each_step"]),
    ("objects.py", [("1 - tanh(x) ** 2", "1 - tanh(x)")], ["tanh_derivative_wrong"]),
    ("objects.py", [("1 - tanh(x) ** 2", "1 - x ** 2")], ["tanh_derivative_wrong"]),
    ("objects.py", [("return grad @ self.params[\"w\"].T", "return np.ones_like(self.inputs) * grad.sum(1, keepdims=True)")], ["weights_not_used_in_backprop"]),
    ("objects.py", [("np.sum((predicted", "np.mean((predicted")], ["grad_not_averaged"]),
    ("inline.py", [("(1 - h**2)", "(1 - h)")], ["tanh_derivative_wrong"]),
    ("inline.py", [("* (1 - h**2)", "* h * (1 - h)")], ["wrong_activation_derivative"]),
    ("inline.py", [("d /= len(i)", "pass")], ["grad_not_averaged"]),
    ("inline.py", [("d[np.arange(len(i)), t] -= 1", "d[np.arange(len(i)), y[: len(i)]] -= 1")], ["x_shuffled_without_y"]),
    ("inline.py", [("                dh = (d @ self.W2.T) * (1 - h**2)\n", ""), ("                self.W1 -=", "                dh = (d @ self.W2.T) * (1 - h**2)\n                self.W1 -=")],
     ["update_before_backprop"]),
    ("inline.py", [("self.W1 -= self.lr * x.T @ dh", "pass")], ["weight_not_updated"]),
    ("inline.py", [("h = np.tanh(X @ self.W1", "X -= 0.5\n        h = np.tanh(X @ self.W1")], ["inplace_aliasing"]),
    ("inline.py", [("d /= len(i)", "d /= batch_size")], ["last_batch_wrong_size"]),
    ("adam.py", [("1 - self.y ** 2", "1 - self.y")], ["tanh_derivative_wrong"]),
    ("adam.py", [("np.einsum('no->o', grad)[None]", "np.einsum('no->o', grad)[None] / len(grad)")], ["bias_grad_averaged"]),
    ("notebook.py", [("* (Z1 > 0)", "")], ["relu_mask_missing"]),
]  # fmt: skip


def mutate(mutation: Mutation) -> str:
    """The source with the mistake in it."""
    file, changes, _ = mutation
    source = (NETWORKS / file).read_text()
    for old, new in changes:
        assert old in source, (file, old)
        source = source.replace(old, new)
    return source
