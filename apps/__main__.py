"""python -m apps: what a trained run can be used for."""

from experiment.subcommands import run_subcommands

SUBCOMMANDS = {
    "predict": ("apps.predict", "classify drawings from files with a trained run"),
    "search": ("apps.search", "find drawings by a word or by another drawing"),
    "zero-shot": ("apps.zero_shot", "classify drawings of categories that training never showed"),
    "demo": ("apps.demo", "draw on a web page and see both tracks' predictions"),
    "export": ("apps.export", "write a trained network as an ONNX file"),
}

if __name__ == "__main__":
    run_subcommands("apps", "Use the network of a finished run, of either track.", SUBCOMMANDS)
