"""Tests of the assignment: `python -m pytest test_network.py`. A failure names the mistake."""

from pathlib import Path

import network
import torch

from parity.check import check_layer, check_network


def test_linear():
    check_layer(network.Linear, torch.nn.Linear(4, 3))


def test_whole_network():
    diagnosis = check_network(Path(__file__).with_name("network.py"))
    assert diagnosis.exit_code == 0, diagnosis.ids or diagnosis.error
