#!/usr/bin/env bash
# onnxruntime 1.31.1 and 1.32.0: a MatMul whose weights come from DequantizeLinear is no float product.
#
# The file asks for float32: the weights are 8-bit integers with one scale a column, which
# DequantizeLinear makes float32, and the activations are float32 and never quantised. 1.24.4 answers
# with the float product (error 3e-7 of the largest product). The later two fuse the nodes and round the
# activations to 8 bits on the way: the error is thousands of times larger, without any option set.
# `session.qdq_matmulnbits_accuracy_level=1` brings the float product back.
#
# Needs Python 3.11 to 3.13. Installs in a temporary folder. Exits non-zero when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/product.py" <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
rows, width, columns = 64, 512, 256
activations = rng.standard_normal((rows, width)).astype(np.float32)
weights = rng.integers(-127, 128, (width, columns)).astype(np.int8)
scales = (rng.random(columns) * 0.01 + 0.001).astype(np.float32)
graph = helper.make_graph(
    [
        helper.make_node("DequantizeLinear", ["weights", "scales", "zeros"], ["wide"], axis=1),
        helper.make_node("MatMul", ["activations", "wide"], ["product"]),
    ],
    "product",
    [helper.make_tensor_value_info("activations", TensorProto.FLOAT, ["rows", width])],
    [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["rows", columns])],
    [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(scales, "scales"),
        numpy_helper.from_array(np.zeros(columns, np.int8), "zeros"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
model.ir_version = 10
onnx.checker.check_model(model)
expected = activations.astype(np.float64) @ (weights * scales.astype(np.float64))


def error(**entries: str) -> float:
    options = ort.SessionOptions()
    for key, value in entries.items():
        options.add_session_config_entry(key.replace("__", "."), value)
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    [found] = session.run(None, {"activations": activations})
    return float(np.abs(found - expected).max() / np.abs(expected).max())


plain = error()
exact = error(session__qdq_matmulnbits_accuracy_level="1")
print(f"onnxruntime {ort.__version__}: largest error, of the largest product")
print(f"  no option set                              {plain:.1e}")
print(f"  session.qdq_matmulnbits_accuracy_level=1   {exact:.1e}")
sys.exit((plain > 1e-3) != (sys.argv[1] == "rounded") or exact > 1e-5)
PYTHON

run() { # VERSION rounded|exact
  python3 -m venv "$folder/$1"
  "$folder/$1/bin/pip" install --quiet --disable-pip-version-check \
    "onnxruntime==$1" onnx==1.19.1 numpy==2.2.6 2>&1 | grep -v '^$' >&2 || true
  if ! "$folder/$1/bin/python" "$folder/product.py" "$2"; then
    echo "changed: expected the product of onnxruntime $1 to be $2" >&2
    exit 1
  fi
}
run 1.24.4 exact
run 1.31.1 rounded
run 1.32.0 rounded
