"""A miniature AudioSet, and tiny checkpoints that know its sounds a little.

The scenes are soundscapes written out in AudioSet's published layout. The checkpoints are trained
for seconds on sounds of the same kinds, so that explanations of them have something to find; the
code that loads them is the one that loads the published ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from awb.types import AudioArray
from awb_datasets.audioset.write import write_clips
from awb_datasets.soundscapes.classes import CLASSES as ALL_CLASSES
from awb_datasets.soundscapes.dataset import Soundscapes

RATE_HZ = 16_000
CLASSES = ("Siren", "White noise", "Sine wave", "Bass drum")
"""Long, and easy to tell apart."""


def build(folder: Path, n_clips: int = 6, *, ontology: Path | None = None) -> str:
    """Write a miniature AudioSet.

    Parameters
    ----------
    folder : Path
        Where to.
    n_clips : int
        Number of scenes.
    ontology : Path or None
        AudioSet's, or nothing.

    Returns
    -------
    str
        The reference of the dataset.
    """
    source = Soundscapes("test", n_clips, 0)
    clips = (source.load(clip_id) for clip_id in source.clip_ids())
    write_clips(clips, folder, ontology=ontology, names=None)
    return (
        f"audioset:audio={folder / 'audio'},labels={folder / 'audioset_eval_strong.tsv'},"
        f"ontology={folder / 'ontology.json'}"
    )


@cache
def training_clips(n_clips: int = 96) -> tuple[AudioArray, AudioArray]:
    """Make clips of 10 s with one to three of the sounds each, and say which.

    Parameters
    ----------
    n_clips : int
        Number of clips.

    Returns
    -------
    waveforms : np.ndarray, shape=(n_clips, samples), dtype=float32
        Quiet noise with sounds.
    labels : np.ndarray, shape=(n_clips, classes), dtype=float32
        1 where a class sounds.
    """
    renders = {one.name: one.render for one in ALL_CLASSES if one.name in CLASSES}
    waveforms, labels = [], np.zeros((n_clips, len(CLASSES)), dtype=np.float32)
    for index in range(n_clips):
        rng = np.random.default_rng(index)
        mix = 0.003 * rng.standard_normal(10 * RATE_HZ)
        for which in rng.permutation(len(CLASSES))[: rng.integers(0, 4)]:
            sound = renders[CLASSES[which]](rng, float(rng.uniform(0.5, 2.0)))
            start = int(rng.integers(mix.size - sound.size))
            level = 10 ** rng.uniform(-2.0, -0.7)
            mix[start : start + sound.size] += level * sound / np.sqrt(np.mean(sound**2))
            labels[index, which] = 1.0
        waveforms.append(np.clip(mix, -1, 1).astype(np.float32))
    return np.stack(waveforms), labels


_FOLDERS: list[TemporaryDirectory[str]] = []  # removed when the process ends


def _new_folder() -> Path:
    _FOLDERS.append(TemporaryDirectory(prefix="awb-tiny-"))
    return Path(_FOLDERS[-1].name)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread: tiny networks lose time in more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def tiny_ast() -> Path:
    """Train a tiny AST for seconds and save it as a checkpoint, once a process."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    extractor = ASTFeatureExtractor(num_mel_bins=64)
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(0)
        config = ASTConfig(
            num_mel_bins=64, patch_size=64, time_stride=32, frequency_stride=64,
            hidden_size=48, num_hidden_layers=2, num_attention_heads=2, intermediate_size=96,
            initializer_range=0.1, problem_type="multi_label_classification",
            id2label=dict(enumerate(CLASSES)), label2id={name: i for i, name in enumerate(CLASSES)},
        )  # fmt: skip
        network = ASTForAudioClassification(config)
        waveforms, labels = training_clips()
        _train(network, _features(extractor, waveforms), labels, steps=250)
    folder = _new_folder()
    network.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def _features(extractor: Any, waveforms: AudioArray) -> Any:
    import torch

    from awb_plugins.models.ast.features import FilterBank

    bank = FilterBank(extractor)
    features = bank(torch.from_numpy(waveforms))
    missing = extractor.max_length - features.shape[1]
    return torch.nn.functional.pad(features, (0, 0, 0, missing), value=bank.padding)


def _train(network: Any, inputs: Any, labels: AudioArray, *, steps: int) -> None:
    import torch

    targets = torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    network.train()
    for _ in range(steps):
        rows = torch.randint(len(inputs), (16,))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            network(input_values=inputs[rows]).logits, targets[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()


@cache
def tiny_wav2vec2(*, single_label: bool = False, layer_norm: bool = True) -> Path:
    """Train the head of a tiny wav2vec 2.0 for seconds and save it, once a process.

    Parameters
    ----------
    single_label : bool
        Classes exclude each other.
    layer_norm : bool
        Layer normalization in the convolutions, and masks; else group normalization, and none.
    """
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForSequenceClassification,
    )

    problem = "single_label_classification" if single_label else "multi_label_classification"
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=layer_norm)
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(0)
        config = Wav2Vec2Config(
            hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
            conv_dim=(16, 16, 32), conv_kernel=(40, 8, 4), conv_stride=(20, 8, 4), conv_bias=True,
            feat_extract_norm="layer" if layer_norm else "group", apply_spec_augment=False,
            do_stable_layer_norm=layer_norm, num_feat_extract_layers=3, classifier_proj_size=16,
            num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, problem_type=problem,
            hidden_dropout=0.0, attention_dropout=0.0, activation_dropout=0.0, layerdrop=0.0,
            feat_proj_dropout=0.0, final_dropout=0.0,
            id2label=dict(enumerate(CLASSES)), label2id={name: i for i, name in enumerate(CLASSES)},
        )  # fmt: skip
        network = Wav2Vec2ForSequenceClassification(config)
        waveforms, labels = training_clips(32)
        found = extractor(list(waveforms[:, : 4 * RATE_HZ]), sampling_rate=RATE_HZ)
        _train(network, torch.tensor(np.stack(found["input_values"])), labels, steps=20)
    folder = _new_folder()
    network.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder
