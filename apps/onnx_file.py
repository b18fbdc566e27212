"""A trained network as an ONNX file, for programs without Python's frameworks."""

from __future__ import annotations

import json
import logging
import warnings
from typing import Any

import numpy as np
import torch

from apps.predictors import Predictor
from experiment.trained_run import Trained
from lightning_models.classifier import Classifier

OPSET = 18
INPUT, OUTPUT = "images", "probabilities"


class Probabilities(torch.nn.Module):
    """From images (B, C, H, W), 0 to 1, to probabilities (B, categories)."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The model's probabilities."""
        return self.model.probabilities(self.model(images))


def as_onnx(trained: Trained, predictor: Predictor) -> bytes:
    """The network as ONNX, for any number of images at once; the categories' names are in its metadata."""
    import onnx

    model = Probabilities(predictor.model).eval()
    example = torch.zeros((2, *trained.shape), dtype=getattr(torch, predictor.dtype.name))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, which nothing here needs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = torch.export.Dim("batch")
        program: Any = torch.onnx.export(
            model,
            (example,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes={"images": {0: batch}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {"categories": json.dumps(trained.categories)})
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString())


def largest_difference(onnx_bytes: bytes, predictor: Predictor, images: np.ndarray) -> float:
    """How far onnxruntime's probabilities are from the network's own, for images (N, H, W) uint8."""
    import onnxruntime

    from datamodules.sequences import as_input

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    (found,) = session.run([OUTPUT], {INPUT: as_input(images, predictor.shape, predictor.dtype)})
    return float(np.abs(found - predictor.probabilities(images)).max())
