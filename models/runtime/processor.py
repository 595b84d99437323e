"""What the processor can do: whether it runs networks of 8 bits well."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")

INSTRUCTIONS = {"avx512_vnni": "AVX-512 VNNI", "avx_vnni": "AVX-VNNI", "asimddp": "dot product"}
"""Flags of instructions that multiply bytes and add up the products in 32 bits, and their names."""


@cache
def byte_instructions() -> str:
    """Name the instructions by which this processor multiplies bytes; empty where it has none.

    Without them onnxruntime adds products in 16 bits, which overflow, and is hardly faster than
    with floats. So networks of 8 bits are run as floats there.
    """
    return find_instructions(CPU_INFO, platform.system(), platform.machine())


def find_instructions(cpu_info: Path, system: str, machine: str) -> str:
    """Find the instructions in Linux's list of the processor's flags; Apple's own have them.

    Args:
        cpu_info: the list; where there is none, nothing is found.
        system, machine: as ``platform`` names them.
    """
    if (system, machine) == ("Darwin", "arm64"):
        return INSTRUCTIONS["asimddp"]
    try:
        words = set(cpu_info.read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return ""
    return next((name for flag, name in INSTRUCTIONS.items() if flag in words), "")
