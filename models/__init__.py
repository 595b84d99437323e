"""The image side: one door, ``models.extractor``, from images to features, run by onnxruntime."""

import os

if __name__ != "houndstooth.models":
    raise ImportError("expected `import houndstooth.models`; got `import models`")

# onnxruntime reports to its maker how networks are run, unless this is set before it is imported.
# What a shop's catalogue and shoppers do is nobody else's affair.
os.putenv("ORT_DISABLE_TELEMETRY", "1")
