"""The image side: one door, ``models.extractor``, from images to features, run by onnxruntime."""
