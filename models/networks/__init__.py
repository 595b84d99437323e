"""Torch modules: they take tensors and know nothing of files; imported for training alone."""
