"""python -m studies: work over many runs."""

from experiment.subcommands import run_subcommands

SUBCOMMANDS = {
    "sweep": ("studies.sweep.program", "sweep hyperparameters"),
    "reproduce": ("studies.reproduce.program", "train published experiments and compare the results"),
    "report": ("studies.report.program", "write a report on the runs"),
}

if __name__ == "__main__":
    run_subcommands("studies", "Train and compare many runs.", SUBCOMMANDS)
