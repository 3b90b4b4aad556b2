"""Measure exact reuse against the plain path: patches of YAMNet, frames of AST."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from subjects import RATE_HZ, SAMPLES, Ratio, make_instance, side_by_side

from awb import designs
from awb.maskers import zeros
from awb.perturbation.scorers.clips import ClipScorer, PatchScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.segments import Segments
from awb.types import AudioArray, BoolArray, Clip

DATA = Path(os.environ.get("AWB_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
YAMNET = DATA / "yamnet" / "yamnet.tflite"
PLAIN_MASKS = 60


@cache
def yamnet() -> Any:
    """Load the real YAMNet."""
    from awb_plugins.models.yamnet.litert import Yamnet

    return Yamnet(YAMNET.read_bytes())


@cache
def real_clip() -> Clip:
    """Return ten seconds with barks, or noise if there are no recordings."""
    path = DATA / "sounds" / "dog.wav"
    if not path.is_file():
        return make_instance().clip
    from awb.audio import read_audio, resample

    waveform, rate_hz = read_audio(path)
    once = resample(waveform, rate_hz, RATE_HZ)
    return Clip("dog", np.resize(once, 10 * RATE_HZ).astype(np.float32), RATE_HZ, ())


def _renderer(clip: Clip) -> tuple[Renderer, Segments]:
    segments = Segments(clip.waveform.size, clip.sample_rate_hz)
    fill = zeros(clip.waveform, clip.sample_rate_hz, np.random.default_rng(0))
    return Renderer(clip.waveform, fill, segments.edges_samples), segments


def _distinct(masks: BoolArray) -> BoolArray:
    return np.unique(masks, axis=0)


def mask_sets() -> dict[str, tuple[BoolArray, str]]:
    """List the masks to score, with the factor by which fewer patches are expected."""
    pooled = _distinct(designs.pooled(100, SAMPLES, np.random.default_rng(0)))
    longer = _distinct(
        designs.single(100, SAMPLES, np.random.default_rng(0), fraction=0.3, run_length=5)
    )
    each = np.eye(100, dtype=bool)
    windows = np.stack([(np.arange(100) - at) // 4 == 0 for at in range(97)])
    ranks = np.random.default_rng(1).permutation(100)
    deletion = ranks[np.newaxis] < np.arange(101)[:, np.newaxis]
    runs = [np.abs(np.arange(100) - peak) for peak in range(10, 90, 8)]
    orders = [np.argsort(np.argsort(far, kind="stable")) for far in runs]
    curves = np.concatenate([order[np.newaxis] < np.arange(101)[:, np.newaxis] for order in orders])
    return {
        f"{len(pooled):,} distinct pooled masks": (pooled, "at least 4.5"),
        f"{len(longer):,} distinct masks in runs of 5": (longer, "more than pooled"),
        "occlusion, one segment at a time": (each, "at least 8"),
        "occlusion, 97 windows of 4 segments": (windows, ""),
        "one deletion curve": (deletion, "at least 9"),
        "both curves of one explanation": (
            np.concatenate([deletion, ~deletion]),
            "at least 9",
        ),
        "ten deletion curves of a clip, each of one peak": (curves, "at least 9"),
    }


class CountingPatches:
    """A free network with YAMNet's framing."""

    sample_rate_hz, patch_samples, classes = RATE_HZ, 15_600, ("one",)

    def __init__(self) -> None:
        self.seen = 0

    def patch_starts(self, n_samples: int) -> Any:
        last = n_samples - self.patch_samples
        return np.append(np.arange(0, last, 7680, dtype=np.int64), last)

    def patch_scores(self, patches: AudioArray) -> Any:
        self.seen += len(patches)
        return patches[:, :1]

    def pool(self, patch_scores: Any) -> Any:
        return patch_scores.max(axis=-2)

    def scores(self, waveforms: AudioArray) -> Any:
        raise NotImplementedError


def patch_evaluations() -> list[Ratio]:
    """Count the patches that are computed, with and without reuse."""
    renderer, segments = _renderer(make_instance().clip)
    found = []
    for name, (masks, expected) in mask_sets().items():
        model = CountingPatches()
        PatchScorer(model, renderer, segments, 0).scores(masks)
        plain = len(masks) * len(model.patch_starts(segments.n_samples))
        found.append(
            Ratio(f"YAMNet patches: {name}", model.seen, plain, expected, "patches", "counted")
        )
    return found


def yamnet_end_to_end() -> Ratio:
    """Time the pooled design on the real YAMNet; the plain path on a sample of the masks."""
    renderer, segments = _renderer(real_clip())
    masks = next(iter(mask_sets().values()))[0]
    sample = np.random.default_rng(2).permutation(len(masks))[:PLAIN_MASKS]
    column = yamnet().classes.index("Dog")
    fast, slow = [], []
    plain = ClipScorer(yamnet(), renderer, column)
    parts = np.array_split(masks, 4)
    scorer = PatchScorer(yamnet(), renderer, segments, column)
    scores = []
    for part, some in zip(parts, np.array_split(sample, 4), strict=True):
        started = time.process_time()
        scores.append(scorer.scores(part))
        fast.append(time.process_time() - started)
        started = time.process_time()
        expected = plain.scores(masks[some])
        per_clip = (time.process_time() - started) / (16 * -(-len(some) // 16))
        slow.append(per_clip * len(part))
    worst = np.abs(np.concatenate(scores)[some] - expected).max()
    return Ratio(
        "YAMNet end to end, distinct pooled masks",
        sum(fast),
        sum(slow),
        "at least 4",
        note=f"plain path timed on {PLAIN_MASKS} masks; scores differ by at most {worst:.1g}",
    )


class _Frames:
    """AST's front end with a free back end."""

    sample_rate_hz, classes, batch_size = RATE_HZ, ("one",), 4
    frame_samples, hop_samples = 400, 160

    def __init__(self, bank: Any) -> None:
        self._bank = bank

    def frame_starts(self, n_samples: int) -> Any:
        count = (n_samples - self.frame_samples) // self.hop_samples + 1
        return np.arange(count) * self.hop_samples

    def features(self, waveforms: AudioArray) -> Any:
        import torch

        return self._bank(torch.from_numpy(waveforms)).numpy()

    def feature_scores(self, features: Any) -> Any:
        self.last = features
        return features[:, :1, 0]

    def scores(self, waveforms: AudioArray) -> Any:
        return self.feature_scores(self.features(waveforms))


def ast_features(*, rounds: int = 3) -> list[Ratio]:
    """Time gathering AST's frames against transformers' extractor and the direct path."""
    import torch
    from transformers import ASTFeatureExtractor

    from awb_plugins.models.ast.features import FilterBank

    torch.set_num_threads(1)
    extractor = ASTFeatureExtractor()
    model = _Frames(FilterBank(extractor))
    renderer, segments = _renderer(make_instance().clip)
    scorer = FrameScorer(model, renderer, segments, 0)
    masks = designs.pooled(100, 200, np.random.default_rng(0))
    masked = np.empty((4, 160_000), dtype=np.float32)
    renderer.render(masks[:4], masked)
    scorer.scores(masks[:4])
    gathered = model.last.copy()
    same = bool(np.array_equal(gathered, model.features(masked)))
    reference = extractor(list(masked), sampling_rate=RATE_HZ, return_tensors="np")["input_values"]
    worst = float(np.abs(reference[:, : gathered.shape[1]] - gathered).max())

    def reference_way() -> None:
        extractor(list(masked), sampling_rate=RATE_HZ)

    def direct_way() -> None:
        model.features(masked)

    found = []
    for name, way, expected in (
        ("transformers' extractor", reference_way, "at least 100"),
        ("awb's own features, computed", direct_way, ""),
    ):
        ours, theirs = side_by_side(lambda: scorer.scores(masks), way, rounds=rounds)
        bits = "the same bits as computed" if same else "other bits than computed"
        found.append(
            Ratio(
                f"AST features of a masked clip, gathered, against {name}",
                1000 * ours / len(masks),
                1000 * theirs / len(masked),
                expected,
                "ms",
                f"{bits}; {worst:.1g} from the extractor's",
            )
        )
    return found
