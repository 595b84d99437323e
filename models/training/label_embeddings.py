"""Label embeddings from co-occurrence: labels that are often true together lie near each other.

"Wide, Deep, and Recurrent" (Xiong and Wang 2018), section 4.3.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_cooccurrence(multi_hot: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Count how often two labels are true together, in log space: log(1 + count).

    Args:
        multi_hot: true labels by image, uint8 [n, labels].

    Returns:
        Symmetric, [labels, labels]; on the diagonal a label's own count.
    """
    hot = multi_hot.astype(np.float64)
    return np.log1p(hot.T @ hot)


def factorise(matrix: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Factorise a symmetric matrix as X X^T with the least squared error.

    The minimum is known: the eigenvectors of the largest positive eigenvalues, each times the root
    of its eigenvalue (Eckart and Young 1936).

    Args:
        matrix: [labels, labels].
        size: the number of columns of X.

    Returns:
        X, float32 [labels, size]; columns beyond the positive eigenvalues are zeros.
    """
    values, vectors = np.linalg.eigh(matrix)
    largest = np.argsort(-values)[:size]
    columns = vectors[:, largest] * np.sqrt(values[largest].clip(min=0.0))
    embeddings = np.zeros((len(matrix), size), dtype=np.float32)
    embeddings[:, : columns.shape[1]] = columns
    return embeddings
