"""AST's features: a batch in torch against the reference extractor on single clips.

    pytest perf/test_ast_features.py -n 0 --benchmark-group-by=param:n_clips

Compare the two rows of a group as a ratio. Torch computes in one thread, as in awb's workers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from transformers import ASTFeatureExtractor

from awb.types import AudioArray
from awb_plugins.models.ast.features import FilterBank

RATE_HZ = 16_000


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the lowest of 128 mel filters is empty
        yield
    torch.set_num_threads(before)


def noise(n_clips: int) -> AudioArray:
    rng = np.random.default_rng(0)
    return rng.uniform(-0.5, 0.5, (n_clips, 10 * RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize("n_clips", [1, 4, 16])
def test_batch_in_torch(benchmark: Any, n_clips: int) -> None:
    bank = FilterBank(ASTFeatureExtractor())
    waveforms = torch.from_numpy(noise(n_clips))
    benchmark(bank, waveforms)


@pytest.mark.parametrize("n_clips", [1, 4, 16])
def test_reference_extractor(benchmark: Any, n_clips: int) -> None:
    extractor = ASTFeatureExtractor()
    waveforms = list(noise(n_clips))
    benchmark.pedantic(
        extractor, (waveforms,), {"sampling_rate": RATE_HZ}, rounds=3, warmup_rounds=1
    )
