"""Central differences of a network's own loss: what its gradients ought to be, whatever the network is."""

from __future__ import annotations

import numpy as np

from parity.check.inside.arrays import Array, look_up
from parity.check.inside.program import CannotCall
from parity.check.inside.session import Driver


def differences(driver: Driver, count: int) -> list[Array]:
    """Central differences of the network's own loss, for some entries of each weight and bias, where possible."""
    program, layout, found = driver.program, driver.layout, []
    if driver.backward_updates or layout.joined is not None:
        return []
    try:
        if driver.value(count) != driver.value(count):  # random: nothing can be differentiated
            return []
        for weight, bias in zip(layout.weights, layout.biases, strict=True):
            rows = []
            for path in (weight, bias):
                array = None if path is None else look_up(program.roots, path)
                if array is None or array.dtype != np.float64:
                    continue
                for index in [np.unravel_index(k, array.shape) for k in range(0, array.size, max(array.size // 6, 1))]:
                    kept, values = array[index], []
                    for sign in (1, -1):
                        array[index] = kept + sign * 1e-5
                        values.append(driver.value(count))
                    array[index] = kept
                    slope = (values[0] - values[1]) / 2e-5
                    place = index[::-1] if layout.transposed and path is weight else index
                    rows.append((*place, slope) if path is weight else (max(place), -1, slope))
            found.append(np.array(rows, float))
    except (CannotCall, ValueError, IndexError):
        return []
    return found
