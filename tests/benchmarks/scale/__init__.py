"""Measure search on resampled catalogues of up to millions of products, beside its rivals."""
