"""What running a network needs: pixels, the card beside its file, a session of onnxruntime."""
