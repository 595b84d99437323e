"""Training data, losses, the training command, export to ONNX, and the studio."""
