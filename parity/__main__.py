"""python -m parity: are two networks the same?"""

from experiment.subcommands import run_subcommands

SUBCOMMANDS = {
    "compare": ("parity.compare", "compare both tracks over a whole training, or two finished runs"),
    "trace": ("parity.trace_command", "follow one batch through both tracks, layer by layer"),
    "check": ("parity.check.commandline", "check your own NumPy network and name its mistakes"),
}

if __name__ == "__main__":
    run_subcommands("parity", "Show that two networks compute the same, or where they differ.", SUBCOMMANDS)
