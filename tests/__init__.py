"""Tests. Real data is used where it lies beside the project, and its tests are skipped elsewhere."""
