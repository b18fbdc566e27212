"""The proof that both tracks are the same network: measurements of where and by how much they differ."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: its threads wait asleep
