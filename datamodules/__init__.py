"""`QuickDrawDataModule` and what feeds it; NumPy only, but for `lightning_adapter.py`."""
