"""Load a submission as a module, statement by statement, so that one broken line does not hide the rest.

Notebooks exported as a file read data, plot and train at top level. Definitions are always run; any other statement has a
second, and is skipped when it fails. Libraries that a NumPy network does not need (plots, data frames, progress bars) are
replaced by stand-ins that accept every call.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.abc
import importlib.machinery
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

STATEMENT_SECONDS = 1.0
TOP_LEVEL_SECONDS = 4.0
STANDING_IN = {
    "cv2", "cupy", "datasets", "gzip", "idx2numpy", "imageio", "IPython", "ipywidgets", "jax", "keras", "matplotlib", "mnist",
    "mnist_loader", "nnfs", "pandas", "PIL", "plotly", "pylab", "requests", "seaborn", "skimage", "sklearn", "tensorflow",
    "torch", "torchvision", "tqdm", "wandb",
}  # fmt: skip


class Slow(BaseException):
    """A call took longer than it may. A BaseException, so that `except Exception` in the submission lets it through."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds`."""

    def stop(_number: int, _frame: Any) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.2)  # again, should the submission swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class Anything(types.ModuleType):
    """A stand-in for a module: every attribute is another stand-in, every call returns one, an iterator over it ends."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = Anything(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made

    def __call__(self, *arguments: Any, **_named: Any) -> Any:
        if len(arguments) == 1 and isinstance(arguments[0], types.FunctionType):
            return arguments[0]  # a decorator leaves the function as it is
        return Anything(f"{self.__name__}()")

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def __getitem__(self, _key: Any) -> Any:
        return Anything(f"{self.__name__}[]")


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of STANDING_IN, and any module that is not installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> Any:
        top = name.partition(".")[0]
        neighbour = (self.folder / f"{top}.py").exists() or (self.folder / top).is_dir()
        if top in STANDING_IN and not neighbour:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = Anything(spec.name)
        module.__path__ = []
        if spec.name.partition(".")[0] == "tqdm":
            for attribute in ("tqdm", "trange", "tqdm_notebook"):
                setattr(module, attribute, range if attribute == "trange" else _bare_progress)
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def _bare_progress(iterable: Any = (), *_arguments: Any, **_named: Any) -> Any:
    return iterable


class Submission:
    """A loaded file: its module, its source, and what went wrong while loading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_text(encoding="utf-8", errors="replace")
        self.module = types.ModuleType("submission")
        self.skipped: list[str] = []
        self.seconds = 0.0

    @property
    def names(self) -> dict[str, Any]:
        """The module's global names."""
        return vars(self.module)

    def callables(self) -> dict[str, Callable[..., Any]]:
        """Functions that the file (or a file beside it) defines, in order."""
        return {n: f for n, f in self.names.items() if isinstance(f, types.FunctionType) and not n.startswith("__")}

    def classes(self) -> dict[str, type]:
        """Classes that the file (or a file beside it) defines, in order."""
        return {n: c for n, c in self.names.items() if isinstance(c, type) and self.is_own(c)}

    def is_own(self, cls: type) -> bool:
        """Whether a class was defined by the submission or by a file beside it."""
        name = cls.__module__
        if name == "submission":
            return True
        file = getattr(sys.modules.get(name), "__file__", None)
        return bool(file) and Path(str(file)).resolve().parent == self.path.resolve().parent


def load(path: Path, limit: bool = True) -> Submission:
    """Run a submission's statements and return its module. Without `limit` (outside the main thread) no time is measured.

    Raises SyntaxError for a file that Python cannot read.
    """
    submission = Submission(path)
    tree = ast.parse(submission.source, filename=str(path))
    submission.module.__file__ = str(path)
    sys.modules["submission"] = submission.module
    if str(path.resolve().parent) not in sys.path or not limit:
        sys.path.insert(0, str(path.resolve().parent))
        sys.meta_path.insert(0, _StandIns(path.resolve().parent))
    spent = 0.0
    for statement in tree.body:
        if _is_main_guard(statement):
            continue
        definition = isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        if not definition and spent > TOP_LEVEL_SECONDS:
            continue
        code = compile(ast.Module([statement], []), str(path), "exec")
        begin = time.monotonic()
        try:
            with time_limit(STATEMENT_SECONDS if not definition else 5.0) if limit else nullcontext():
                exec(code, submission.names)
        except (Exception, SystemExit, Slow) as error:
            submission.skipped.append(f"line {statement.lineno}: {type(error).__name__}: {error}")
        if not definition:
            spent += time.monotonic() - begin
    submission.seconds = spent
    if not limit:  # our own process: other imports are none of our business
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _StandIns)]
        sys.path.remove(str(path.resolve().parent))
    return submission


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


class Reversed(np.random.Generator):
    """A Generator whose shuffles are a reversal, so that a training can be computed again."""

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """The numbers (or rows) in reversed order."""
        return _reversed(x)

    def choice(self, a: Any, size: Any = None, replace: bool = True, *rest: Any, **named: Any) -> Any:
        """Every row once, reversed."""
        return _chosen(a, size)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Reverse in place."""
        _reverse(x)


SHUFFLES = [0]
"""How many shuffles there were since the generator was seeded: X shuffled, and then y, are shuffled differently."""


def _order(count: int) -> Any:
    """The k-th shuffle: reversed, and turned by k."""
    SHUFFLES[0] += 1
    return np.roll(np.arange(count)[::-1], 2 * (SHUFFLES[0] - 1))


def _seeded(real: Callable[..., Any]) -> Callable[..., Any]:
    def seed(*arguments: Any, **named: Any) -> Any:
        SHUFFLES[0] = 0
        return real(*arguments, **named)

    return seed


def _reversed(x: Any) -> Any:
    rows = np.arange(x) if isinstance(x, int | np.integer) else np.array(x)
    return rows[_order(len(rows))].copy()


def _reverse(x: Any) -> None:
    order = _order(len(x))
    x[:] = x[order].copy() if isinstance(x, np.ndarray) else [x[i] for i in order]


def _chosen(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:
    """Every row once, in reversed order, where a batch is drawn; the first ones where something else is."""
    rows = np.arange(a) if isinstance(a, int | np.integer) else np.asarray(a)
    if size is None:
        return rows[0]
    return np.resize(rows[::-1], size)


def tame() -> None:
    """Make shuffles known, input() empty and exit() an error that the loader notes."""
    import random

    builtins.input = lambda *_: ""
    np.random.seed = _seeded(np.random.seed)
    np.random.set_state = _seeded(np.random.set_state)
    random.seed = _seeded(random.seed)
    np.random.permutation = _reversed
    np.random.shuffle = _reverse
    np.random.choice = _chosen
    random.shuffle = _reverse
    real = np.random.default_rng
    np.random.default_rng = _seeded(lambda seed=None: Reversed(real(seed).bit_generator))
