#!/usr/bin/env bash
# torch 2.15.0: an exported torch.atan2 turns angles that lie on an axis around.
#
# torch.atan2(y, x) is the angle of a direction: of (y, x) = (0, -1) it is pi, of (1, -0) half of pi.
# ONNX has no such operator, so both exporters write it as others. Of 32 directions 16 lie on an axis,
# as an image gradient straight across or straight down does. Of six of those the file's answer is off
# by pi or by 2 pi; of all others it is right. A histogram of oriented gradients then counts such
# pixels at the other end.
#
# Needs Python 3.11 to 3.13 and 6 GB of disk. Installs in a temporary folder. Exits non-zero when that
# changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/directions.py" <<'PYTHON'
import sys
import warnings
from itertools import product

import numpy as np
import onnxruntime
import torch

warnings.simplefilter("ignore")
sides = (-1.0, -0.5, -0.0, 0.0, 0.5, 1.0)
directions = [(y, x) for y, x in product(sides, sides) if y or x]
y, x = torch.tensor(directions).unbind(1)
expected = torch.atan2(y, x).numpy()
on_axis = ((y == 0) | (x == 0)).numpy()


class Angle(torch.nn.Module):
    def forward(self, y, x):
        return torch.atan2(y, x)


print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)
print(len(directions), "directions,", int(on_axis.sum()), "on an axis")
as_found = True
for dynamo in (False, True):
    path = f"{sys.argv[1]}/angle-{int(dynamo)}.onnx"
    torch.onnx.export(
        Angle(), (y, x), path, dynamo=dynamo, opset_version=18, input_names=["y", "x"], verbose=False
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [found] = session.run(None, {"y": y.numpy(), "x": x.numpy()})
    wrong = ~(np.abs(found - expected) < 1e-5)
    print(f"dynamo={dynamo}: wrong on an axis {int((wrong & on_axis).sum())}, elsewhere {int((wrong & ~on_axis).sum())}")
    for at in np.flatnonzero(wrong)[:3]:
        print(f"  y {y[at]:g}, x {x[at]:g}: torch {expected[at]:.4f}, the file {found[at]:.4f}")
    as_found &= bool((wrong & on_axis).any() and not (wrong & ~on_axis).any())
sys.exit(0 if as_found else 1)
PYTHON
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uv==0.13.8
VIRTUAL_ENV=$folder/venv "$folder/venv/bin/uv" pip install --quiet \
  torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.31.1 numpy
"$folder/venv/bin/python" "$folder/directions.py" "$folder" 2>/dev/null
