"""One way to open a network with onnxruntime."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import onnxruntime

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.runtime.processor import byte_instructions

AS_FLOATS = {"session.disable_quant_qdq": "1", "session.enable_quant_qdq_cleanup": "1"}
"""Configuration by which a network of 8 bits is computed in floats, at the speed of floats."""

QUANTISING_CLIPS = ["ClipQuantRewrite", "ReluQuantRewrite"]
"""Rewrites that take a Clip before a quantiser for superfluous; it is not, without quantisers."""


def open_session(path: Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Open a session on the CPU; all sessions of the process share one arena of working memory.

    Networks of 8 bits are computed in floats where the processor is no good at bytes.

    Args:
        threads: of one network run; all processors where None.

    Raises:
        InvalidConfig: not a network that onnxruntime can run.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads wait by spinning within a run, which is the fastest. After it they must not: they
    # would keep the next network of the same photo from its processor.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    left_out = []
    if not byte_instructions():
        left_out = QUANTISING_CLIPS
        for key, value in AS_FLOATS.items():
            options.add_session_config_entry(key, value)
    try:
        return onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=left_out,
        )
    except Exception as error:
        raise InvalidConfig(f"cannot run the network {path.name}: {error}") from None


@cache
def _share_memory() -> None:
    """Register one arena for all networks: they take turns, so the largest decides its size."""
    kind, default = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    onnxruntime.create_and_register_allocator(
        onnxruntime.OrtMemoryInfo("Cpu", kind, 0, default), None
    )
