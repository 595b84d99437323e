"""Which processors run networks of 8 bits, by what Linux says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from houndstooth.models.runtime.processor import find_instructions


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("flags\t\t: fpu sse4_2 avx2 avx512f avx512_vnni", "AVX-512 VNNI"),
        ("flags\t\t: fpu avx2 avx_vnni", "AVX-VNNI"),
        ("Features\t: fp asimd asimddp", "dot product"),
        ("flags\t\t: fpu sse4_2 avx2 avx512f avx512bw", ""),
        ("flags\t\t: fpu avx512_vnni_of_another_kind", ""),
    ],
)
def test_instructions_are_found_by_their_flag(tmp_path: Path, line: str, name: str) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\n{line}\n", encoding="ascii")
    assert find_instructions(path, "Linux", "x86_64") == name


def test_without_a_list_only_apples_own_processors_have_them(tmp_path: Path) -> None:
    missing = tmp_path / "cpuinfo"
    assert find_instructions(missing, "Darwin", "arm64") == "dot product"
    assert find_instructions(missing, "Darwin", "x86_64") == ""
    assert find_instructions(missing, "Windows", "AMD64") == ""
