"""A torch module's settings under the names that people give them."""

from __future__ import annotations

from typing import Any


def settings_of(module: Any) -> dict[str, Any]:
    """A torch module's numbers under the names that people give them, as values for a constructor or a function."""
    known: dict[str, Any] = {}
    aliases = {
        "in_features": ("n_in", "n_inputs", "input_size", "fan_in", "d_in", "inputs", "n_input", "input_dim", "in_dim"),
        "out_features": (
            "n_out",
            "n_neurons",
            "output_size",
            "fan_out",
            "d_out",
            "outputs",
            "n_output",
            "output_dim",
            "out_dim",
        ),
        "in_channels": ("c_in", "cin", "n_in", "channels_in", "in_ch", "input_channels"),
        "out_channels": ("c_out", "cout", "n_out", "filters", "n_filters", "num_filters", "channels_out", "out_ch"),
        "kernel_size": (
            "kernel",
            "k",
            "size",
            "f",
            "pool_size",
            "window",
            "filter_size",
            "ksize",
            "ks",
            "hf",
            "wf",
            "width",
            "pool",
            *(f"{what}{axis}" for what in ("pool_", "kernel_", "filter_", "p", "k", "f") for axis in ("h", "w")),
            *(f"{what}_{axis}" for what in ("pool", "kernel", "filter") for axis in ("height", "width")),
        ),
        "stride": ("s", "strides", "step"),
        "padding": ("pad", "p", "pads"),
        "num_features": ("n", "d", "dim", "features", "n_features", "size", "channels", "num_channels", "c"),
        "normalized_shape": ("n", "d", "dim", "features", "size"),
        "eps": ("epsilon",),
        "momentum": ("decay", "alpha", "rho", "beta", "m"),
        "p": ("rate", "prob", "drop", "dropout", "drop_prob", "dropout_rate", "drop_rate", "p_drop"),
        "negative_slope": ("alpha", "slope", "leak", "a"),
        "alpha": ("a",),
        "dim": ("axis",),
    }
    for name, others in aliases.items():
        if hasattr(module, name):
            value = getattr(module, name)
            if isinstance(value, tuple) and len(set(value)) == 1:
                value = value[0]
            known[name] = value
            known.update({other: value for other in others if other not in known})
    if hasattr(module, "p"):
        known.update(keep_prob=1 - module.p, keep=1 - module.p, p_keep=1 - module.p)
    return known
