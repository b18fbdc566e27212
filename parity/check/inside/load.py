"""Load a submission as a module, statement by statement, so that one broken line does not hide the rest.

Notebooks exported as a file read data, plot and train at top level. Definitions are always run; any other statement has
a second, and is skipped when it fails. Libraries that a NumPy network does not need (plots, data frames, progress bars)
are replaced by stand-ins that accept every call.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from parity.check.inside.names import fits_role, remember_assignments
from parity.check.inside.syntax import compiled, parse

STATEMENT_SECONDS = 1.0
TOP_LEVEL_SECONDS = 4.0
SLEEPING = 6
"""Time on the clock that a second of CPU time may take, for code that sleeps or waits."""
STANDING_IN = {
    "cv2", "cupy", "datasets", "gzip", "idx2numpy", "imageio", "IPython", "ipywidgets", "jax", "keras", "matplotlib",
    "mnist", "mnist_loader", "nnfs", "pandas", "PIL", "plotly", "pylab", "requests", "seaborn", "skimage", "sklearn",
    "tensorflow", "torch", "torchvision", "tqdm", "wandb",
}  # fmt: skip


class Slow(BaseException):
    """A call took longer than it may. A BaseException, so that `except Exception` in the submission lets it through."""


class time_limit:  # noqa: N801  (used as a function; a class, since it is entered thousands of times)
    """Interrupt the block after `seconds` of CPU time, or a multiple of it on the clock."""

    running: time_limit
    """The one that was entered last."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        time_limit.running = self
        self.begin, self.cpu_begin = time.monotonic(), time.process_time()
        signal.setitimer(signal.ITIMER_REAL, self.seconds, 0.2)  # again, should the submission swallow the first

    def __exit__(self, *_error: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _check(self) -> None:
        cpu, clock = time.process_time() - self.cpu_begin, time.monotonic() - self.begin
        if cpu >= self.seconds or clock >= SLEEPING * self.seconds:
            raise Slow

    @staticmethod
    def listen() -> None:
        """Let the alarm end what runs too long, from now on, whatever the submission asked the alarm for."""
        signal.signal(signal.SIGALRM, lambda _number, _frame: time_limit.running._check())


class Anything(types.ModuleType):
    """A stand-in for a module: every attribute and call gives another stand-in, an iterator over it ends."""

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
        self.tree: ast.Module | None = None
        self.found: dict[str, Any] = {}
        """What was found out about the file once, by name."""

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

    def constants(self) -> dict[str, Any]:
        """Global lists of dictionaries (a network's architecture, say) by their names in small letters."""
        held = {n.lower(): v for n, v in self.names.items() if isinstance(v, list) and not n.startswith("_")}
        return {n: v for n, v in held.items() if v and isinstance(v[0], dict)}

    def set_sizes(self, sizes: list[int]) -> bool:
        """Write a network's sizes into global names such as `nn_input_dim`; whether there are any."""
        found = False
        for name, value in list(self.names.items()):
            for role, size in (("inputs", sizes[0]), ("outputs", sizes[-1]), ("hidden", sizes[1])):
                if len(name) > 3 and type(value) is int and fits_role(name, role):
                    self.names[name], found = size, True
        return found

    def changed_names(self) -> set[str]:
        """Global names of arrays that the file computes from themselves: in loops, or in functions that say global."""
        return set() if self.tree is None else {n for n in changed(self.tree) if n in self.names}

    def loops(self) -> dict[str, Callable[..., Any]]:
        """One turn of each loop at top level, as a function without parameters."""
        nodes = [] if self.tree is None else [n for n in self.tree.body if isinstance(n, ast.For | ast.While)]
        return {f"training loop (line {n.lineno})": one_turn(n, self.path, self.names) for n in nodes if changed(n)}

    def is_own(self, cls: type) -> bool:
        """Whether a class was defined by the submission or by a file beside it."""
        name = cls.__module__
        if name == "submission":
            return True
        file = getattr(sys.modules.get(name), "__file__", None)
        return bool(file) and Path(str(file)).resolve().parent == self.path.resolve().parent


def load(path: Path, limit: bool = True) -> Submission:
    """Run a submission's statements and return its module.

    Without `limit` (outside the main thread) no time is measured.

    Raises SyntaxError for a file that Python cannot read.
    """
    submission = Submission(path)
    tree = parse(submission.source, str(path))
    submission.tree = tree
    remember_assignments(tree)
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
        code = compiled(ast.Module([statement], []), str(path))
        begin, waiting = time.process_time(), time.monotonic()
        if limit:
            time_limit.listen()
        try:
            with time_limit(STATEMENT_SECONDS if not definition else 5.0) if limit else nullcontext():
                exec(code, submission.names)
        except (Exception, SystemExit, Slow) as error:
            what = "took too long (time)" if isinstance(error, Slow) else f"{type(error).__name__}: {error}"
            submission.skipped.append(f"line {statement.lineno}: {what}")
        if not definition:
            spent += max(time.process_time() - begin, (time.monotonic() - waiting) / SLEEPING)
    submission.seconds = spent
    if limit:
        time_limit.listen()
    if not limit:  # our own process: other imports are none of our business
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _StandIns)]
        sys.path.remove(str(path.resolve().parent))
    return submission


def changed(tree: ast.AST) -> set[str]:
    """Names with `W -= …`, or `W = … W …`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign):
            read = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            found |= {t.id for t in node.targets if isinstance(t, ast.Name) and t.id in read}
    return found


def one_turn(loop: ast.For | ast.While, path: Path, names: dict[str, Any]) -> Callable[[], None]:
    """A function that runs the loop's body once; a loop over a range starts at 0."""
    once = ast.List([ast.Constant(0)], ast.Load())
    counts = isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call) and "range" in ast.unparse(loop.iter.func)
    target = loop.target if isinstance(loop, ast.For) else ast.Name("_turn", ast.Store())
    iterator = loop.iter if isinstance(loop, ast.For) and not counts else once
    turn = ast.For(target, iterator, loop.body, [])
    code = compiled(ast.fix_missing_locations(ast.Module([ast.copy_location(turn, loop)], [])), str(path))

    def loop_once() -> None:
        exec(code, names)

    return loop_once


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
