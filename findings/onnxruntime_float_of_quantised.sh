#!/usr/bin/env bash
# onnxruntime 1.31.1: a file of 8 bits, computed in floats by its own options, loses every Clip.
#
# A file that quantize_static wrote can be computed in floats, on processors that are no good at
# bytes: session.disable_quant_qdq keeps the operators in floats, and
# session.enable_quant_qdq_cleanup takes the pairs of quantisers away that nothing needs then. Two
# rewrites come before. Where a Clip (or a Relu) stands before a quantiser of the same range, they
# take it away, because the quantiser clips too. When the cleanup then takes the quantiser away,
# nothing clips any more. So of a network with ReLU6 the answer is another one, without a word; the
# tool's QDQKeepRemovableActivations, which keeps the Clips in the file, does not help. With the two
# rewrites disabled the answer is that of floats.
#
# Needs Python 3.11 to 3.14. Installs in a temporary folder. Exits non-zero when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/clips.py" <<'PYTHON'
import logging
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

logging.disable(logging.WARNING)
folder = sys.argv[1]
random = np.random.default_rng(1)
weights = [random.normal(0, 1.0, (8, 8, 3, 3)).astype(np.float32) for _ in range(2)]
constants = {"w0": weights[0], "w1": weights[1], "low": np.float32(0), "high": np.float32(6)}
nodes = [
    helper.make_node("Conv", ["x", "w0"], ["a"], "conv0", pads=[1, 1, 1, 1]),
    helper.make_node("Clip", ["a", "low", "high"], ["b"], "clip0"),
    helper.make_node("Conv", ["b", "w1"], ["y"], "conv1", pads=[1, 1, 1, 1]),
]
shape = ["n", 8, 12, 12]
graph = helper.make_graph(
    nodes,
    "two",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.save(model, f"{folder}/floats.onnx")
inputs = random.normal(0, 2, (16, 8, 12, 12)).astype(np.float32)


class Reader(CalibrationDataReader):
    def __init__(self):
        self.feeds = iter([{"x": inputs}])

    def get_next(self):
        return next(self.feeds, None)


quantize_static(
    f"{folder}/floats.onnx",
    f"{folder}/eight.onnx",
    Reader(),
    quant_format=QuantFormat.QDQ,
    per_channel=True,
    extra_options={"QDQKeepRemovableActivations": True},
)
kept = [node.op_type for node in onnx.load(f"{folder}/eight.onnx").graph.node].count("Clip")


def run(name, in_floats=False, disabled=()):
    options = onnxruntime.SessionOptions()
    if in_floats:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.add_session_config_entry("session.enable_quant_qdq_cleanup", "1")
    session = onnxruntime.InferenceSession(
        f"{folder}/{name}.onnx", options, ["CPUExecutionProvider"], disabled_optimizers=[*disabled]
    )
    return session.run(None, {"x": inputs})[0]


expected = run("floats")
scale = np.abs(expected).mean()
ways = {
    "in 8 bits": run("eight"),
    "in floats": run("eight", in_floats=True),
    "in floats, rewrites disabled": run(
        "eight", in_floats=True, disabled=("ClipQuantRewrite", "ReluQuantRewrite")
    ),
}
print("onnxruntime", onnxruntime.__version__, "onnx", onnx.__version__, "- Clips in the file:", kept)
errors = {way: float(np.abs(found - expected).mean() / scale) for way, found in ways.items()}
for way, error in errors.items():
    print(f"{way:30} mean error {100 * error:6.1f} % of the mean answer")
eight, floats, mended = errors.values()
sys.exit(0 if kept == 1 and floats > 0.5 and max(eight, mended) < 0.05 else 1)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" "$folder/clips.py" "$folder" 2>/dev/null
