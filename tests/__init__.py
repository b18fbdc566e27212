"""The tests. pytest works in two processes, whose programs would fight over the cores with threads of their own."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
