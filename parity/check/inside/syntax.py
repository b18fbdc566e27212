"""Python's parser, one thread at a time: in two threads at once, CPython 3.11 can fail.

The message then is "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading
from types import CodeType

ONE_AT_A_TIME = threading.Lock()


def parse(source: str, file: str = "<unknown>") -> ast.Module:
    """`ast.parse`; raises SyntaxError and ValueError as that does."""
    with ONE_AT_A_TIME:
        return ast.parse(source, filename=file)


def compiled(tree: ast.Module, file: str) -> CodeType:
    """`compile` of a whole module."""
    with ONE_AT_A_TIME:
        code: CodeType = compile(tree, file, "exec")
        return code
