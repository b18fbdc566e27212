"""The formulas of the report, for Typst, for LaTeX and in words; the config decides which ones are shown."""

from __future__ import annotations

from experiment.config import DualTower, Experiment, Optimizer, Sequence
from studies.report.document import Block, Formula, Text

FORWARD = Formula(
    "h_0 = x, quad h_l = max(0, W_l h_(l-1) + b_l), quad z = W_L h_(L-1) + b_L",
    r"h_0 = x, \quad h_l = \max(0, W_l h_{l-1} + b_l), \quad z = W_L h_{L-1} + b_L",
    "Each hidden layer is the ReLU of a linear map of the layer before; the scores z are a last linear map.",
)
CROSS_ENTROPY = Formula(
    "p_c = e^(z_c) / (sum_k e^(z_k)), quad cal(L) = -1/B sum_(i=1)^B log p_(y_i)^((i)), "
    "quad (partial cal(L)) / (partial z_c^((i))) = 1/B (p_c^((i)) - [c = y_i])",
    r"p_c = \frac{e^{z_c}}{\sum_k e^{z_k}}, \quad "
    r"\mathcal{L} = -\frac{1}{B} \sum_{i=1}^{B} \log p_{y_i}^{(i)}, \quad "
    r"\frac{\partial \mathcal{L}}{\partial z_c^{(i)}} = \frac{1}{B} (p_c^{(i)} - [c = y_i])",
    "Softmax probabilities, the mean negative log probability of the true category, and its gradient.",
)
BINARY_CROSS_ENTROPY = Formula(
    "p_c = 1/(1 + e^(-z_c)), quad cal(L) = -1/(B C) sum_(i,c) ([c = y_i] log p_c^((i)) + [c != y_i] log(1 - "
    "p_c^((i))))",
    r"p_c = \frac{1}{1 + e^{-z_c}}, \quad "
    r"\mathcal{L} = -\frac{1}{B C} \sum_{i,c} ([c = y_i] \log p_c^{(i)} + [c \neq y_i] \log(1 - p_c^{(i)}))",
    "A sigmoid for each category, and the mean binary cross-entropy.",
)
BACKWARD = Formula(
    "delta_L = (partial cal(L)) / (partial z), quad delta_(l-1) = (W_l^top delta_l) dot.o [h_(l-1) > 0], "
    "quad (partial cal(L)) / (partial W_l) = delta_l h_(l-1)^top, quad (partial cal(L)) / (partial b_l) = delta_l",
    r"\delta_L = \frac{\partial \mathcal{L}}{\partial z}, \quad "
    r"\delta_{l-1} = (W_l^\top \delta_l) \odot [h_{l-1} > 0], \quad "
    r"\frac{\partial \mathcal{L}}{\partial W_l} = \delta_l h_{l-1}^\top, \quad "
    r"\frac{\partial \mathcal{L}}{\partial b_l} = \delta_l",
    "Backpropagation: the gradient passes through each layer's transposed weights and its ReLU's gate.",
)
ATTENTION = Formula(
    '(q, k, v) = x W^top + b, quad a = op("softmax")(q k^top \\/ sqrt(d)), quad y = op("concat")_h (a v) W_o^top + b_o',
    r"(q, k, v) = x W^\top + b, \quad a = \operatorname{softmax}(q k^\top / \sqrt{d}), \quad "
    r"y = \operatorname{concat}_h(a v) W_o^\top + b_o",
    "Attention: each point takes the share a of each other point, in several heads; padding gets none.",
)
BLOCK = Formula(
    'z = x + op("Attention")(op("LayerNorm")(x)), quad y = z + W_2 op("GELU")(W_1 op("LayerNorm")(z) + b_1) + b_2',
    r"z = x + \operatorname{Attention}(\operatorname{LayerNorm}(x)), \quad "
    r"y = z + W_2 \operatorname{GELU}(W_1 \operatorname{LayerNorm}(z) + b_1) + b_2",
    "A block of the transformer: attention and two linear maps, each beside a residual connection.",
)
ATTENTION_BACKWARD = Formula(
    "dif v = a^top dif o, quad dif a = dif o v^top, quad dif s = a dot.o (dif a - (dif a dot a) bold(1)^top), "
    "quad dif q = dif s k \\/ sqrt(d), quad dif k = dif s^top q \\/ sqrt(d)",
    r"dv = a^\top do, \quad da = do\, v^\top, \quad ds = a \odot (da - (da \cdot a) \mathbf{1}^\top), \quad "
    r"dq = ds\, k / \sqrt{d}, \quad dk = ds^\top q / \sqrt{d}",
    "Backwards through attention, for o = a v and the scores s; da · a is the sum of each row's products.",
)
OPTIMIZERS = {
    "sgd": Formula(
        "v <- mu v + nabla cal(L)(theta), quad theta <- theta - eta v",
        r"v \leftarrow \mu v + \nabla \mathcal{L}(\theta), \quad \theta \leftarrow \theta - \eta v",
        "SGD with momentum: the velocity keeps the share mu and adds the gradient; the weights go eta times against "
        "it.",
    ),
    "adam": Formula(
        "m <- beta_1 m + (1 - beta_1) g, quad s <- beta_2 s + (1 - beta_2) g^2, "
        "quad theta <- theta - eta (m \\/ (1 - beta_1^t)) / (sqrt(s \\/ (1 - beta_2^t)) + epsilon)",
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad "
        r"s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \quad "
        r"\theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}",
        "Adam: running means of the gradient and of its square, both corrected for their start at zero.",
    ),
    "adamw": Formula(
        "m <- beta_1 m + (1 - beta_1) g, quad s <- beta_2 s + (1 - beta_2) g^2, "
        "quad theta <- (1 - eta lambda) theta - eta (m \\/ (1 - beta_1^t)) / (sqrt(s \\/ (1 - beta_2^t)) + epsilon)",
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad "
        r"s \leftarrow \beta_2 s + (1 - \beta_2) g^2, \quad "
        r"\theta \leftarrow (1 - \eta \lambda) \theta - "
        r"\eta \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \epsilon}",
        "AdamW: as Adam, with the weights shrunk by eta times lambda apart from the gradient.",
    ),
}
TOWERS = Formula(
    "u = f(x) / norm(f(x)), quad e_c = g(w_c) / norm(g(w_c)), quad s_c = u dot e_c = cos(x, c), "
    'quad hat(y) = op("arg max", limits: #true)_c s_c',
    r"u = \frac{f(x)}{\lVert f(x) \rVert}, \quad e_c = \frac{g(w_c)}{\lVert g(w_c) \rVert}, \quad "
    r"s_c = u \cdot e_c = \cos(x, c), \quad \hat{y} = \operatorname*{arg\,max}_c s_c",
    "Both towers end on the unit sphere; the category with the largest cosine similarity is the prediction.",
)
COSINE = Formula(
    "cal(L)_cos = 1/B sum_i (1 - s_(y_i)^((i)))",
    r"\mathcal{L}_{\cos} = \frac{1}{B} \sum_i (1 - s_{y_i}^{(i)})",
    "One minus the cosine to the drawing's own category.",
)
MARGIN = Formula(
    'cal(L)_"margin" = 1/(B C) sum_i sum_(c != y_i) max(0, m - s_(y_i)^((i)) + s_c^((i)))',
    r""
    r"\mathcal{L}_{\text{margin}} = \frac{1}{B C} \sum_i \sum_{c \neq y_i} \max(0, m - s_{y_i}^{(i)} + s_c^{(i)})",
    "For each other category, by how much the own one fails to lead it by the margin m.",
)
CONTRAST = Formula(
    'cal(L)_"contrast" = -1/B sum_i log (e^(s_(y_i)^((i)) \\/ tau)) / (sum_c e^(s_c^((i)) \\/ tau))',
    r"\mathcal{L}_{\text{contrast}} = -\frac{1}{B} \sum_i "
    r"\log \frac{e^{s_{y_i}^{(i)} / \tau}}{\sum_c e^{s_c^{(i)} / \tau}}",
    "Cross-entropy over the similarities divided by the temperature tau.",
)


def of_optimizer(config: Optimizer) -> list[Block]:
    """The optimiser with its values, and its schedule."""
    papers = {"sgd": "rumelhart1986", "adam": "kingma2015", "adamw": "loshchilov2019"}
    names = {"sgd": "Stochastic gradient descent with momentum", "adam": "Adam", "adamw": "AdamW"}
    values = {
        "sgd": f"learning rate η = {config.lr:g}, momentum μ = {config.momentum:g}",
        "adam": f"learning rate η = {config.lr:g}, β₁ = {config.beta1:g}, β₂ = {config.beta2:g}",
        "adamw": f"learning rate η = {config.lr:g}, β₁ = {config.beta1:g}, β₂ = {config.beta2:g}, "
        f"λ = {config.weight_decay:g}",
    }
    schedules = {
        "constant": "The learning rate is constant.",
        "step": f"The learning rate is multiplied by {config.decay_factor:g} every {config.decay_every} epochs.",
        "cosine": "The learning rate falls to 0 along half a cosine.",
        "one_cycle": f"The learning rate rises for {config.warmup:.0%} of the steps, then falls [@smith2019].",
    }
    more = " Nesterov's look-ahead is on." if config.nesterov and config.name == "sgd" else ""
    more += f" Weight decay is {config.weight_decay:g}." if config.weight_decay and config.name != "adamw" else ""
    more += f" The training loss has the penalty λ‖W‖² with λ = {config.l2:g}." if config.l2 else ""
    text = f"{names[config.name]} [@{papers[config.name]}], {values[config.name]}. {schedules[config.schedule]}{more}"
    return [Text(text), OPTIMIZERS[config.name]]


def of_classifier(experiment: Experiment) -> list[Block]:
    """Forward, loss and backward of Task I's network."""
    config = experiment.softmax
    blocks: list[Block] = []
    if config.layers is None:
        blocks.append(FORWARD)
    if config.loss == "binary_cross_entropy":
        return [
            *blocks,
            Text("The loss is the binary cross-entropy of one sigmoid for each category."),
            BINARY_CROSS_ENTROPY,
        ]
    blocks += _cross_entropy(config.label_smoothing)
    if config.layers is None:
        blocks += [Text("Backpropagation [@rumelhart1986]:"), BACKWARD]
    return blocks


def of_transformer(config: Sequence) -> list[Block]:
    """Attention, its block, the loss of Task III's network, and attention backwards."""
    return [
        ATTENTION,
        BLOCK,
        *_cross_entropy(config.label_smoothing),
        Text("Attention backwards, where dz is the gradient of the loss by z:"),
        ATTENTION_BACKWARD,
    ]


def of_dual_tower(config: DualTower) -> list[Block]:
    """The terms of Task II's loss."""
    blocks: list[Block] = []
    if config.cosine_weight:
        blocks += [
            Text(
                f"*Cosine term*, weight {config.cosine_weight:g}: one minus the cosine similarity to the drawing's "
                "own category."
            ),
            COSINE,
        ]
    if config.margin_weight:
        blocks += [
            Text(
                f"*Margin term*, weight {config.margin_weight:g}, margin m = {config.margin:g} [@frome2013] "
                "[@hadsell2006]: the hinge over all other categories."
            ),
            MARGIN,
        ]
    if config.contrast_weight:
        blocks += [
            Text(
                f"*Contrast term*, weight {config.contrast_weight:g}, temperature τ = {config.temperature:g}: the "
                "cross-entropy over similarities [@oord2018]."
            ),
            CONTRAST,
        ]
    return blocks


def _cross_entropy(smoothing: float) -> list[Block]:
    smoothed = f", its targets smoothed by {smoothing:g}" if smoothing else ""
    return [Text(f"The loss is the cross-entropy of the softmax{smoothed}."), CROSS_ENTROPY]
