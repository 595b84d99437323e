"""Retrieval benchmarks: layouts of public data sets, their metrics, and encoders compared."""
