"""What a quick look rules out, a whole comparison rules out as well: no update rule is lost."""

from __future__ import annotations

import numpy as np
import pytest

from parity.check.outputs import distance
from parity.check.steps import _that_may_fit
from parity.check.updates import RULES, known_rules


@pytest.mark.parametrize("decays", [(), (0.01,)])
@pytest.mark.parametrize("scale", [1e-8, 1e-5, 1e-2, 10.0])
@pytest.mark.parametrize("tolerance", [9e-5, 9e-3])
def test_each_rule_fits_its_own_first_step(tolerance: float, scale: float, decays: tuple[float, ...]) -> None:
    random = np.random.default_rng(0)
    gradient = random.normal(size=60) * scale * 10.0 ** random.uniform(-4, 0, 60)
    gradient[:5] = 0
    weights = random.normal(size=60)
    rules = known_rules((0.9, 0.5), 0.05, (1e-5, 0.05), decays, (0.8, 0.99))
    compared = 0
    with np.errstate(all="ignore"):
        for rule, mistake, settings in rules:
            (first,) = RULES[rule]([gradient], [weights], settings, mistake)
            change = -0.1 * first
            if distance(change, -0.1 * first) < tolerance:  # not where a mistake divides by 0
                assert (rule, mistake, settings) in list(_that_may_fit(rules, gradient, change, tolerance))
                compared += 1
    assert compared > 60
