"""Find drawings by a word, or by another drawing: python -m apps search "rabbit", or python -m apps search drawing.png.

Any word will do that has a vector, also one that is no category. Without either, it says how good the search is.
Without --run the newest dual tower in logs/ is asked. Any other run searches by drawings alone, in its last hidden
layer; one on strokes takes an .ndjson. All further flags are the trainers', for data and word vectors in other places.
"""

from __future__ import annotations

import csv
import io
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from experiment.errors import UserError
from experiment.files import PROJECT, atomic_write, write_text
from experiment.registry import MODELS


def main(arguments: list[str]) -> int:
    """Print what was found, and leave it as a picture and a CSV file."""
    words = list(arguments)
    query = words.pop(0) if words and not words[0].startswith("-") else None
    parser = ArgumentParser(
        usage="python -m apps search [WORD or FILE] [options]", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--run", type=Path, help="folder of a run; default: the newest dual tower in the logs")
    parser.add_argument("--logs_root", type=Path, default=PROJECT / "logs", help="where to look for the newest run")
    parser.add_argument("--track", choices=("numpy", "lightning"), default="numpy", help="which track does it")
    parser.add_argument("--split", choices=("test", "train", "unseen"), default="test", help="drawings to search in")
    parser.add_argument("-k", "--count", type=int, default=24, help="how many drawings to find")
    parser.add_argument("--out", type=Path, default=Path("search"), help="folder for the picture and the CSV file")
    parser.epilog = "All further flags are the trainers'."
    options, flags = parser.parse_known_args(words)
    if options.count < 1:
        raise UserError(f"--count must be a whole number above 0, but is {options.count}.")
    return _search(query, options, flags)


def _search(asked: str | None, arguments: Any, flags: list[str]) -> int:
    from apps.index import embeddings
    from apps.predictors import read_any, read_dual_tower
    from datamodules.registry import make_data
    from experiment.commandline import parse_command

    run = arguments.run or _newest_run(arguments.logs_root)
    by_word = asked is not None and not _is_file(asked)
    trained, network = (read_dual_tower if by_word else read_any)(run, arguments.track)
    experiment = parse_command("", ["--config", str(run / "config.yaml"), *flags]).experiment
    query = _vector(asked, network, trained.shape, experiment) if asked else None
    data = make_data(experiment)
    if arguments.split not in data.rows:
        raise UserError(f"--split {arguments.split}: the run {run} left no category unseen.")
    print(f"Run:  {run}\nData: {data.description}, of which {arguments.split}", flush=True)
    vectors = embeddings(network, data, arguments.split, run, arguments.track)
    if asked is None:
        _print_quality(network if trained.words is not None else None, data, arguments.split, vectors)
    else:
        _print_found(asked, query, arguments, data, vectors)
    return 0


def _is_file(query: str) -> bool:
    """Whether a query names a file with a drawing, and is no word."""
    return bool(Path(query).suffix) or Path(query).is_file()


def _vector(query: str, network: Any, shape: tuple[int, ...], experiment: Any) -> Any:
    """The query's vector (1, D): of a drawing in a file, or else of a word."""
    from datamodules.inputs import read_images
    from datamodules.word_vectors import load_word_vectors

    if _is_file(query):
        return network.embed(read_images(Path(query), shape)[:1])
    words = load_word_vectors(experiment.data.word_vectors, [query], experiment.seed)
    if not words.real:
        raise UserError(f"{query!r}: {words.description}; give --data.word_vectors a file.")
    return network.embed_words(words.vectors)


def _print_found(asked: str, query: Any, arguments: Any, data: Any, vectors: Any) -> None:
    import numpy as np

    from apps.index import Index, quality, sheet
    from datamodules.sequences import pictures_of
    from visualization.figures.style import to_png

    (similar,), (places,) = Index(vectors).nearest(query, arguments.count)
    known, labels = [*data.categories, *data.unseen], data.labels(arguments.split)
    names, images = [known[labels[place]] for place in places], pictures_of(data.images(arguments.split, places))
    wanted = asked if asked in known else None
    for place, (name, value) in enumerate(zip(names, similar, strict=True), start=1):
        print(f"{place:>3}  {name:<24} {value:.3f}")
    if wanted is not None:
        found = quality(query, np.array([known.index(wanted)]), vectors, labels, own=False)
        print(f"precision@10 {found.precision_at_10:.2f}, average precision {found.mean_average_precision:.3f}")
    stem = re.sub(r"[^\w.-]+", "_", Path(asked).name)
    title = f"Nearest to {asked!r} on {data.label} ({data.dataset.source}, {arguments.split})"
    table = io.StringIO()
    rows = zip(range(1, len(names) + 1), names, similar, data.rows[arguments.split][places], strict=True)
    csv.writer(table, lineterminator="\n").writerows([("place", "category", "similarity", "row"), *rows])
    with atomic_write(arguments.out / f"{stem}.png") as file:
        file.write(to_png(sheet(images, names, similar, wanted, title))[0])
    write_text(arguments.out / f"{stem}.csv", table.getvalue())
    print(f"Written: {arguments.out / f'{stem}.png'} and {stem}.csv")


def _print_quality(network: Any, data: Any, split: str, vectors: Any) -> None:
    """By word and by drawing; without a `network` that knows words, by drawing alone."""
    import numpy as np

    from apps.index import QUERIES, quality
    from datamodules.word_vectors import load_word_vectors

    labels, known = data.labels(split), [*data.categories, *data.unseen]
    found = {}
    if network is not None:
        shown = np.unique(labels)
        words = load_word_vectors(data.config.word_vectors, [known[label] for label in shown], data.seed)
        found["word to drawings"] = quality(network.embed_words(words.vectors), shown, vectors, labels, own=False)
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(QUERIES, len(vectors))).astype(int))
    found["drawing to drawings"] = quality(vectors[chosen], labels[chosen], vectors, labels, own=True)
    print(f"\n{'':20}{'precision@10':>14}{'mAP':>8}{'queries':>10}")
    for name, each in found.items():
        print(f"{name:20}{each.precision_at_10:>14.3f}{each.mean_average_precision:>8.3f}{each.queries:>10,}")


def _newest_run(logs: Path) -> Path:
    """The dual tower that was trained last."""
    finished = (path.parent for path in logs.glob("*/*/*/metrics.json"))
    with_words = [f'"model": "{name}"' for name, model in MODELS.items() if model.needs_words]
    towers = [run for run in finished if any(line in (run / "metrics.json").read_text() for line in with_words)]
    if not towers:
        raise UserError(f"{logs}: no dual tower there; train one (configs/dual_tower.yaml), or give --run.")
    return max(towers, key=lambda run: (run.name, str(run)))
