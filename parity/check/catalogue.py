"""The known mistakes: what each is, in words; what is right, as a formula; and our line of NumPy for it."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """`kind` is hint 2, `formula` and `line` are hint 3."""

    kind: str
    formula: str
    line: str = ""


DZ = "dz = (softmax(z) - onehot(y)) / N"
DW = "dW = aᵀ dz,  db = Σ_rows dz,  da = dz Wᵀ"
CATALOGUE: dict[str, Mistake] = {
    # scale
    "grad_not_averaged": Mistake("the gradient is summed over the batch, but the loss is a mean", DZ, "grad = (probabilities - onehot) / len(x)"),
    "grad_averaged_twice": Mistake("the gradient is divided by the batch size twice", "1/N once, where dz starts; " + DW, "grad_w = x.T @ grad"),
    "grad_divided_by_classes": Mistake("the gradient is divided by the number of classes", DZ, "grad = (probabilities - onehot) / len(x)"),
    "lr_times_batch_size": Mistake("each step is longer by the batch size", "W ← W - lr · dW", "w -= lr * grad_w"),
    "sign_flipped": Mistake("the sign is wrong: the loss goes up", "W ← W - lr · dL/dW", "w -= lr * grad_w"),
    # biases
    "bias_grad_averaged": Mistake("the bias gradient is a mean where a sum is right (dz is averaged already)", "db = Σ_rows dz", "grad_b = grad.sum(0)"),
    "bias_grad_wrong_axis": Mistake("the bias gradient is summed over the wrong axis, or over everything", "db = Σ_samples dz, one number per unit", "grad_b = grad.sum(0)"),
    "bias_not_updated": Mistake("a bias never changes", "b ← b - lr · db", "b -= lr * grad_b"),
    "bias_missing_forward": Mistake("a bias is not added in the forward pass", "z = a W + b", "z = x @ w + b"),
    # weights
    "weight_grad_transposed": Mistake("a weight gradient is transposed (the layer is square, so nothing fails)", "dW = aᵀ dz", "grad_w = x.T @ grad"),
    "wrong_layer_input": Mistake("a weight gradient is computed from something that was not the layer's input", "dW = aᵀ dz with a the layer's input, after the activation", "grad_w = x.T @ grad"),
    "weight_not_updated": Mistake("a weight never changes", "W ← W - lr · dW", "w -= lr * grad_w"),
    "weights_transposed_in_backprop": Mistake("the gradient is passed on through W where Wᵀ is right", "da = dz Wᵀ", "grad_x = grad @ w.T"),
    "wrong_layer_weights": Mistake("the gradient is passed on through another layer's weights", "da[l] = dz[l+1] W[l+1]ᵀ", "grad_x = grad @ w.T"),
    # activations
    "relu_mask_missing": Mistake("the activation's derivative is missing", "dz = da · 1[z > 0]", "grad * (x > 0)"),
    "relu_mask_other_layer": Mistake("the activation's derivative is taken at another layer's values", "dz[l] = da[l] · 1[z[l] > 0]", "grad * (x > 0)"),
    "relu_mask_from_grad": Mistake("the mask is taken from the gradient's sign, not from the layer's input", "dz = da · 1[z > 0], not da · 1[da > 0]", "grad * (x > 0)"),
    "relu_mask_inverted": Mistake("the mask passes the gradient where the unit was off", "dz = da · 1[z > 0]", "grad * (x > 0)"),
    "relu_value_for_derivative": Mistake("the gradient is multiplied by the ReLU's value instead of its derivative", "dz = da · 1[z > 0]", "grad * (x > 0)"),
    "sigmoid_derivative_for_relu": Mistake("a ReLU is differentiated as a sigmoid", "dz = da · 1[z > 0]", "grad * (x > 0)"),
    "sigmoid_derivative_missing": Mistake("the sigmoid's derivative is missing", "dz = da · a (1 - a)", "grad * out * (1 - out)"),
    "sigmoid_derivative_twice": Mistake("the sigmoid's derivative is taken at its output instead of its input", "σ'(z) = σ(z)(1 - σ(z)), not σ'(σ(z))", "grad * out * (1 - out)"),
    "sigmoid_derivative_of_z": Mistake("z (1 - z) is used where a (1 - a) is right", "dz = da · a (1 - a), a = σ(z)", "grad * out * (1 - out)"),
    "sigmoid_derivative_incomplete": Mistake("half of the sigmoid's derivative is missing", "dz = da · a (1 - a)", "grad * out * (1 - out)"),
    "tanh_derivative_wrong": Mistake("the derivative of tanh is wrong", "dz = da · (1 - a²), a = tanh(z)", "grad * (1 - out**2)"),
    "tanh_derivative_missing": Mistake("the derivative of tanh is missing", "dz = da · (1 - a²), a = tanh(z)", "grad * (1 - out**2)"),
    "wrong_activation_derivative": Mistake("the derivative is that of another activation function", "dz = da · f'(z) with the f of the forward pass", ""),
    "leaky_slope_missing_backward": Mistake("the leaky ReLU's slope is missing backward", "dz = da · (1 where z > 0, α elsewhere)", "grad * np.where(x > 0, 1, slope)"),
    "activation_on_output": Mistake("an activation is applied to the logits before the softmax", "p = softmax(a W + b)", "logits = x @ w + b"),
    "activation_missing_forward": Mistake("a hidden layer has no activation in the forward pass", "a = f(z)", "a = np.maximum(z, 0)"),
    # softmax and loss
    "softmax_twice": Mistake("softmax is applied twice", "p = softmax(z) once, in the network or in the loss", ""),
    "softmax_wrong_axis": Mistake("softmax is normalised over the samples instead of the classes", "p_ij = exp(z_ij) / Σ_classes exp(z_ij)", "e / e.sum(1, keepdims=True)"),
    "softmax_derivative_elementwise": Mistake("softmax is differentiated element by element, times p (1 - p)", DZ + " already holds softmax's derivative", "grad = (probabilities - onehot) / len(x)"),
    "softmax_derivative_missing": Mistake("softmax's derivative is missing", DZ, "grad = (probabilities - onehot) / len(x)"),
    "mse_gradient_for_cross_entropy": Mistake("the gradient is that of the squared error; the loss is the cross-entropy", DZ, "grad = (probabilities - onehot) / len(x)"),
    "loss_not_averaged": Mistake("the loss is a sum over the batch, the gradient that of the mean", "L = -1/N Σ log p[y]", "loss = -log_p[range(n), y].mean()"),
    "labels_off_by_one": Mistake("the labels are off by one", "onehot(y)[i, y_i] = 1, classes counted from 0", "onehot = np.eye(classes)[y]"),
    "sigmoid_instead_of_softmax_gradient": Mistake("the gradient takes sigmoid(z) for the probabilities", DZ, "grad = (probabilities - onehot) / len(x)"),
    "true_class_only": Mistake("only the true class gets a gradient", DZ, "grad = (probabilities - onehot) / len(x)"),
    "target_not_subtracted": Mistake("the target is not subtracted", DZ, "grad = (probabilities - onehot) / len(x)"),
    # the backward pass
    "update_before_backprop": Mistake("weights are changed before the gradient is passed back through them", "first all gradients, then all updates", "model.backward(grad); optimizer.step()"),
    "stale_cache": Mistake("values of an earlier batch are used", "dW = aᵀ dz with a of this batch", "self.x = x  # in every forward"),
    "grad_not_reset": Mistake("gradients of earlier batches are added", "dW = aᵀ dz of this batch only", "optimizer.zero_grad()"),
    "weights_not_used_in_backprop": Mistake("the gradient is passed on without the weights", "da = dz Wᵀ", "grad_x = grad @ w.T"),
    # optimisers
    "momentum_dampened": Mistake("the gradient is multiplied by (1 - μ) in the momentum", "v ← μ v + g,  W ← W - lr v", "velocity = momentum * velocity + grad"),
    "momentum_reset_each_step": Mistake("the velocity is lost after each step", "v ← μ v + g with the v of the step before", "velocity = momentum * velocity + grad"),
    "momentum_sign": Mistake("the momentum has the wrong sign", "v ← μ v + g,  W ← W - lr v", "velocity = momentum * velocity + grad"),
    "nesterov_wrong": Mistake("Nesterov's look-ahead is wrong", "v ← μ v + g,  W ← W - lr (g + μ v)", "step = grad + momentum * velocity"),
    "adam_no_bias_correction": Mistake("Adam's bias correction is missing", "m̂ = m / (1 - β1^t),  v̂ = v / (1 - β2^t)", "m_hat = m / (1 - beta1**t)"),
    "adam_eps_inside_sqrt": Mistake("ε is inside the square root", "W ← W - lr · m̂ / (√v̂ + ε)", "w -= lr * m_hat / (np.sqrt(v_hat) + eps)"),
    "adam_step_starts_at_zero": Mistake("Adam's step is counted from 0", "t = 1 in the first step", "t += 1  # before the correction"),
    "adam_step_not_counted": Mistake("Adam's step counter stays where it is", "t = 1, 2, 3, …", "t += 1"),
    "adam_betas_swapped": Mistake("Adam's β1 and β2 are swapped", "m ← β1 m + (1-β1) g,  v ← β2 v + (1-β2) g²", ""),
    "adam_gradient_not_squared": Mistake("Adam's second moment is not of squares", "v ← β2 v + (1-β2) g²", ""),
    "adam_root_missing": Mistake("the square root is missing", "W ← W - lr · m̂ / (√v̂ + ε)", "w -= lr * m_hat / (np.sqrt(v_hat) + eps)"),
    "l2_without_two": Mistake("the penalty and its gradient differ by a factor 2", "λ ΣW² has the gradient 2 λ W; ½ λ ΣW² has λ W", "grad_w += 2 * penalty * w"),
    "l2_with_two": Mistake("the decay is twice as strong", "g ← g + λ W", "grad = grad + weight_decay * w"),
    "l2_on_biases": Mistake("biases are penalised too", "the penalty is on the weights only", ""),
    "l2_missing_in_gradient": Mistake("the penalty is missing in the gradient", "g ← g + λ W", "grad = grad + weight_decay * w"),
    "l2_sign": Mistake("the penalty has the wrong sign", "g ← g + λ W", "grad = grad + weight_decay * w"),
    "weight_decay_coupled_in_adamw": Mistake("the decay goes through Adam's moments, as in Adam with L2", "AdamW: W ← W - lr λ W beside the step", "w -= lr * weight_decay * w"),
    "weight_decay_without_lr": Mistake("the decay is not multiplied by the learning rate", "AdamW: W ← W - lr λ W", "w -= lr * weight_decay * w"),
    "schedule_one_off": Mistake("the schedule is one step ahead or behind", "lr of step t = schedule(t), t from 0", "scheduler.step()  # after the epoch"),
    # dropout
    "dropout_not_scaled": Mistake("kept units are not scaled", "y = x · mask / (1 - p) in training", "x * mask / (1 - p)"),
    "dropout_in_test": Mistake("dropout is active in evaluation mode", "y = x in evaluation mode", "if not self.training: return x"),
    "dropout_mask_not_applied_backward": Mistake("the mask is not applied backward", "dx = dy · mask / (1 - p)", "grad * self.mask"),
    # batch norm
    "bn_variance_term_missing": Mistake("the variance is treated as a constant backward", "dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂))", "g - g.mean(0) - x_hat * (g * x_hat).mean(0)"),
    "bn_mean_term_missing": Mistake("the mean is treated as a constant backward", "dx = γ/σ (dy - mean(dy) - x̂ mean(dy x̂))", "g - g.mean(0) - x_hat * (g * x_hat).mean(0)"),
    "bn_biased_running_var": Mistake("the running variance is updated with the biased variance", "running ← (1-m) running + m · Σ(x-μ)²/(N-1)", "x.var(0, ddof=1)"),
    "bn_batch_statistics_in_test": Mistake("the batch's statistics are used in evaluation mode", "x̂ = (x - running mean) / √(running var + ε)", ""),
    "bn_momentum_swapped": Mistake("momentum and 1 - momentum are swapped", "running ← (1-m) running + m · batch, m = 0.1", ""),
    "bn_eps_outside_sqrt": Mistake("ε is outside the square root", "x̂ = (x - μ) / √(σ² + ε)", "(x - mean) / np.sqrt(var + eps)"),
    # convolutions and pooling
    "conv_kernel_not_flipped": Mistake("the kernel is not turned in the input's gradient", "dx = full correlation of dy with the kernel turned by 180°", ""),
    "conv_padding_off_by_one": Mistake("the padding is one off", "output = ⌊(n + 2p - k) / s⌋ + 1", ""),
    "conv_overlap_assigned": Mistake("overlapping windows overwrite each other: = where += is right", "dx[window] += …", "grad_x[window] += patch"),
    "conv_bias_grad_wrong_axis": Mistake("the bias gradient is summed over the wrong axes", "db = Σ over samples, rows and columns of dy", "grad.sum((0, 2, 3))"),
    "conv_stride_ignored_backward": Mistake("the stride is ignored backward", "dx[i·s + u] += dy[i] · w[u]", ""),
    "conv_kernel_flipped_forward": Mistake("the kernel is turned in the forward pass (torch correlates)", "y[i] = Σ_u x[i + u] w[u]", ""),
    "maxpool_gradient_to_all": Mistake("each window's gradient goes to all of its inputs", "only the maximum gets the gradient", ""),
    "maxpool_ties_all": Mistake("where inputs are equal, all maxima get the whole gradient", "the first maximum gets it, as in torch", ""),
    "avgpool_not_divided": Mistake("the gradient is not divided by the window's size", "dx = dy / k² in each window", ""),
    "cosine_without_norm_jacobian": Mistake("the vectors' norms are treated as constants", "d cos/da = (b̂ - cos · â) / ‖a‖", ""),
    # procedure
    "x_shuffled_without_y": Mistake("inputs and labels are not shuffled alike", "one permutation for both", "x, y = x[order], y[order]"),
    "last_batch_wrong_size": Mistake("a short batch is divided by the full batch size", "divide by len(x) of this batch", "/ len(x)"),
    "last_batch_dropped": Mistake("the last, short batch is never used", "range(0, n, batch_size)", ""),
    "inplace_aliasing": Mistake("an array that was given, or that is still needed, is changed in place", "copy before changing", "grad = probabilities.copy()"),
    "accuracy_wrong_axis": Mistake("the accuracy takes the maximum over the wrong axis", "argmax over the classes", "(scores.argmax(1) == y).mean()"),
    "evaluation_in_training_mode": Mistake("predictions are made in training mode", "model.eval() before predictions", ""),
    # without a name
    "unexplained": Mistake("differs from the right one in a way that no known mistake gives", ""),
    "wrong_scale": Mistake("a constant factor that no known mistake gives", ""),
    "l2_wrong_scale": Mistake("the penalty's gradient has another factor than the penalty", "λ ΣW² has the gradient 2 λ W"),
    "not_finite": Mistake("NaN or infinity", ""),
}  # fmt: skip
