"""The ratios of docs/performance.md, one per test; nothing is asserted, since timings vary.

    pytest perf/test_ratios.py -n 0 -s

The benchmark's own column is awb's time; the ratio is printed and stored in ``extra_info``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

sys.path.insert(0, str(Path(__file__).parent))

import libraries
import overheads
import reuse
from subjects import FreeModel, Ratio, make_perturber
from table import row

from awb.maskers import noise, zeros


def _note(benchmark: BenchmarkFixture, *found: Ratio) -> None:
    for one in found:
        benchmark.extra_info[one.what] = one.ratio
        sys.stdout.write(f"\n{row(one)}\n")


def _rounds(benchmark: BenchmarkFixture) -> int:
    return 0 if benchmark.disabled else 3


def test_patch_evaluations(benchmark: BenchmarkFixture) -> None:
    _note(benchmark, *benchmark.pedantic(reuse.patch_evaluations, rounds=1))


@pytest.mark.skipif(not reuse.YAMNET.is_file(), reason="needs the real YAMNet (AWB_TEST_DATA)")
def test_yamnet_end_to_end(benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled:
        pytest.skip("takes a minute; run without --benchmark-disable")
    pytest.importorskip("ai_edge_litert", reason="needs ai-edge-litert (extra yamnet)")
    _note(benchmark, benchmark.pedantic(reuse.yamnet_end_to_end, rounds=1))


def test_ast_features(benchmark: BenchmarkFixture) -> None:
    pytest.importorskip("transformers", reason="needs transformers (extra ast)")
    rounds = _rounds(benchmark) or 1
    _note(benchmark, *benchmark.pedantic(reuse.ast_features, kwargs={"rounds": rounds}, rounds=1))


def test_a_bare_loop(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: make_perturber(FreeModel(6)).pool())
    if not benchmark.disabled:
        _note(benchmark, overheads.against_a_bare_loop())


@pytest.mark.parametrize("case", overheads.CASES)
def test_the_published_procedure(benchmark: BenchmarkFixture, case: str) -> None:
    n_classes, masker, forest, _ = overheads.CASES[case]
    ours = noise() if masker == "noise" else zeros
    benchmark.pedantic(
        overheads.awb_procedure,
        (n_classes, ours),
        {"forest": forest},
        rounds=_rounds(benchmark) or 1,
    )
    if not benchmark.disabled:
        _note(benchmark, overheads.against_the_published(case))


@pytest.mark.parametrize("case", libraries.CASES)
def test_other_libraries(benchmark: BenchmarkFixture, case: str) -> None:
    pytest.importorskip(case.split()[0], reason=f"needs {case.split()[0]} (extra compare)")
    ours, _, _ = libraries.CASES[case]
    benchmark.pedantic(ours(), rounds=_rounds(benchmark) or 1)
    if not benchmark.disabled:
        _note(benchmark, libraries.against(case))
