"""A shop's own image encoder: an ONNX file, and the card that says how it is fed and read."""
