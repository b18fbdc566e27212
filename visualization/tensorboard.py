"""TensorBoard events by tensorboard's own protobufs, without torch or TensorFlow.

(Its `EventFileWriter` writes in a thread, and loses what goes wrong there last: a full disk would go unnoticed. Its
`RecordWriter` computes checksums in Python, 10 ms for each picture.)

Each plugin of TensorBoard reads summaries with metadata of its own; the functions here make the ones we use:
scalars, histograms, images, text, PR curves, custom scalars (pages that overlay several tags), and hparams.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from google.protobuf import struct_pb2
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import metadata as custom_scalar_metadata
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.pr_curve import metadata as pr_curve_metadata
from tensorboard.plugins.text import metadata as text_metadata

from experiment.files import errors_named

HISTOGRAM_BINS = 64
PR_THRESHOLDS = 101
LARGEST = float(np.finfo(np.float64).max)


_numbers = itertools.count()
"""Event files that this process has begun: TensorBoard reads the files of a folder in the order of their names."""


class EventWriter:
    """Writes one event file in `folder`; use it in a `with` block, so that it is closed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
        self._path = folder / name
        self._file = open(self._path, "xb")  # noqa: SIM115
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        self.flush()

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with errors_named(self._path):
            self._file.close()

    def flush(self) -> None:
        """Make what was written visible to a running TensorBoard."""
        with errors_named(self._path):
            self._file.flush()

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """One number per tag."""
        self._add([Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()], step)

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """The distribution of an array's numbers."""
        self._add([Summary.Value(tag=tag, histo=HistogramProto(**histogram(values)))], step)

    def image(self, tag: str, png: bytes, size: tuple[int, int], step: int) -> None:
        """A picture of width and height `size`."""
        width, height = size
        picture = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        self._add([Summary.Value(tag=tag, image=picture)], step)

    def text(self, tag: str, markdown: str) -> None:
        """A text in Markdown."""
        self._add([_string(f"{tag}/text_summary", markdown.encode(), text_metadata.create_summary_metadata("", ""))])

    def pr_curve(self, tag: str, is_class: np.ndarray, probabilities: np.ndarray, step: int) -> None:
        """Precision against recall of one class, from booleans (N,) and probabilities (N,)."""
        table = pr_curve_table(is_class, probabilities)
        metadata = pr_curve_metadata.create_summary_metadata("", "", PR_THRESHOLDS)
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in table.shape])
        tensor = TensorProto(dtype=DT_FLOAT, float_val=table.ravel().tolist(), tensor_shape=shape)
        self._add([Summary.Value(tag=tag, metadata=metadata, tensor=tensor)], step)

    def layout(self, charts: Mapping[str, Mapping[str, list[str]]]) -> None:
        """The custom-scalars page: category → chart title → patterns of tags that share the chart."""
        categories = []
        for category, by_title in charts.items():
            chart = [
                layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
                for title, tags in by_title.items()
            ]
            categories.append(layout_pb2.Category(title=category, chart=chart))
        content = layout_pb2.Layout(category=categories).SerializeToString()
        self._add(
            [
                _string(
                    custom_scalar_metadata.CONFIG_SUMMARY_TAG, content, custom_scalar_metadata.create_summary_metadata()
                )
            ]
        )

    def hparams(
        self,
        settings: Mapping[str, Any],
        columns: Mapping[str, Any],
        first: Collection[str],
        metrics: Sequence[str],
    ) -> None:
        """The settings of this run, and the table in which TensorBoard shows the settings and results of all runs.

        Args:
            settings: of this run.
            columns: the settings that have a column in the table, with a value that shows the column's type.
            first: the columns that come first. TensorBoard ticks the first five.
            metrics: the tags of the scalars that are the results, in order; again five are ticked.
        """
        infos = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=tag) for tag in metrics]
        hparams = [
            api_pb2.HParamInfo(name=name, type=_hparam_type(value), differs=name in first)  # these are sorted first
            for name, value in columns.items()
        ]
        experiment = api_pb2.Experiment(hparam_infos=hparams, metric_infos=infos)
        start = plugin_data_pb2.SessionStartInfo()
        for name, value in settings.items():
            start.hparams[name].CopyFrom(_hparam(value))
        end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS)
        for tag, field, content in (
            (hparams_metadata.EXPERIMENT_TAG, "experiment", experiment),
            (hparams_metadata.SESSION_START_INFO_TAG, "session_start_info", start),
            (hparams_metadata.SESSION_END_INFO_TAG, "session_end_info", end),
        ):
            data = plugin_data_pb2.HParamsPluginData(version=hparams_metadata.PLUGIN_DATA_VERSION, **{field: content})
            plugin = SummaryMetadata.PluginData(
                plugin_name=hparams_metadata.PLUGIN_NAME, content=data.SerializeToString()
            )
            metadata = SummaryMetadata(plugin_data=plugin)
            self._add([Summary.Value(tag=tag, metadata=metadata, tensor=hparams_metadata.NULL_TENSOR)])

    def _add(self, values: list[Summary.Value], step: int = 0) -> None:
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        with errors_named(self._path):
            self._file.write(record(event.SerializeToString()))


def record(content: bytes) -> bytes:
    """A record of an event file: length, its checksum, content, its checksum.

    The format is TFRecord's: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    """The CRC-32C, rotated and moved, so that a checksum of data that hold checksums tells something."""
    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def histogram(values: np.ndarray) -> dict[str, Any]:
    """The fields of TensorBoard's histogram: 64 equal bins over the finite numbers, and their moments."""
    numbers = np.asarray(values, np.float64).ravel(order="K")
    numbers = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):  # the square of a large number
        counts, edges = np.histogram(numbers, _bins(numbers))
        total, squares = np.nan_to_num([numbers.sum(), numbers @ numbers]).tolist()
    return {
        "min": float(numbers.min()) if len(numbers) else 0.0,
        "max": float(numbers.max()) if len(numbers) else 0.0,
        "num": len(numbers),
        "sum": total,
        "sum_squares": squares,
        "bucket_limit": [float(edges[0]), *edges[1:].tolist()],
        "bucket": [0.0, *counts.tolist()],
    }


def _bins(numbers: np.ndarray) -> np.ndarray:
    """NumPy's edges, which it counts with faster than with their number; and edges where NumPy cannot make them.

    (Over a range that is too large, or too small to be cut.)
    """
    low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
    margin = HISTOGRAM_BINS * float(np.spacing(max(abs(low), abs(high))))
    constant, width = low == high, high / 2 - low / 2
    if constant and margin < 0.5:
        return np.linspace(low - 0.5, high + 0.5, HISTOGRAM_BINS + 1)
    if margin < width < LARGEST / 4:
        return np.linspace(low, high, HISTOGRAM_BINS + 1)
    if width <= margin:
        low, high = max(low - margin, -LARGEST), min(high + margin, LARGEST)
    share = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    return np.maximum.accumulate(low * (1 - share) + high * share)


def pr_curve_table(is_class: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """(6, thresholds): true and false positives, true and false negatives, precision, recall."""
    thresholds = np.linspace(0, 1, PR_THRESHOLDS)
    positives = np.sort(probabilities[is_class])
    negatives = np.sort(probabilities[~is_class])
    tp = len(positives) - np.searchsorted(positives, thresholds)
    fp = len(negatives) - np.searchsorted(negatives, thresholds)
    precision = np.divide(tp, tp + fp, out=np.ones(PR_THRESHOLDS), where=tp + fp > 0)
    recall = tp / max(1, len(positives))
    return np.stack([tp, fp, len(negatives) - fp, len(positives) - tp, precision, recall]).astype(np.float64)


def _string(tag: str, content: bytes, metadata: SummaryMetadata) -> Summary.Value:
    tensor = TensorProto(dtype=DT_STRING, string_val=[content], tensor_shape=TensorShapeProto(dim=[{"size": 1}]))
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def _hparam_type(value: Any) -> Any:
    if isinstance(value, bool):
        return api_pb2.DATA_TYPE_BOOL
    return api_pb2.DATA_TYPE_FLOAT64 if isinstance(value, int | float) else api_pb2.DATA_TYPE_STRING


def _hparam(value: Any) -> struct_pb2.Value:
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    return struct_pb2.Value(string_value=str(value))
