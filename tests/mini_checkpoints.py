"""Small random checkpoints of several families, as transformers saves them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from mini_audioset import CLASSES, _new_folder

_LABELS: dict[str, Any] = {
    "id2label": dict(enumerate(CLASSES)),
    "label2id": {name: index for index, name in enumerate(CLASSES)},
}
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
_WAVES: dict[str, Any] = {
    **_SMALL, "conv_dim": (16, 16, 32), "conv_kernel": (40, 8, 4), "conv_stride": (20, 8, 4),
    "num_feat_extract_layers": 3, "classifier_proj_size": 16, "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2, "layerdrop": 0.0,
}  # fmt: skip


def _configs() -> dict[str, tuple[Any, Any]]:
    import transformers as hf

    waves = hf.Wav2Vec2FeatureExtractor(return_attention_mask=False)
    return {
        "ast": (
            hf.ASTConfig(
                **_SMALL, **_LABELS, num_mel_bins=32, patch_size=32, time_stride=32,
                frequency_stride=32, max_length=256,
            ),
            hf.ASTFeatureExtractor(num_mel_bins=32, max_length=256),
        ),
        "wav2vec2": (hf.Wav2Vec2Config(**_WAVES, **_LABELS), waves),
        "hubert": (hf.HubertConfig(**_WAVES, **_LABELS), waves),
        "wavlm": (hf.WavLMConfig(**_WAVES, **_LABELS), waves),
        "data2vec": (
            hf.Data2VecAudioConfig(
                **{**_WAVES, "num_conv_pos_embeddings": 1}, conv_pos_kernel_size=3, **_LABELS
            ),
            waves,
        ),
        "whisper": (
            hf.WhisperConfig(
                **_LABELS, d_model=32, encoder_layers=1, encoder_attention_heads=2,
                encoder_ffn_dim=64, decoder_layers=1, decoder_attention_heads=2,
                decoder_ffn_dim=64, num_mel_bins=20, max_source_positions=150,
                classifier_proj_size=16, init_std=0.3,
            ),
            hf.WhisperFeatureExtractor(feature_size=20, chunk_length=3),
        ),
        "wav2vec2-bert": (
            hf.Wav2Vec2BertConfig(**_SMALL, **_LABELS, feature_projection_input_dim=40),
            hf.SeamlessM4TFeatureExtractor(feature_size=20, num_mel_bins=20),
        ),
    }  # fmt: skip


@cache
def random_checkpoint(
    kind: str,
    problem: str | None = None,
    *,
    dtype: str = "float32",
    classes: tuple[str, ...] = CLASSES,
) -> Path:
    """Save a checkpoint with random weights, once a process.

    Parameters
    ----------
    kind : str
        ast, wav2vec2, hubert, wavlm, data2vec, whisper or wav2vec2-bert.
    problem : str or None
        What its configuration says of its classes, in transformers' words.
    dtype : str
        What its weights are saved in.
    classes : tuple of str
        Names of its classes.
    """
    import torch
    from transformers import AutoModelForAudioClassification

    config, extractor = _configs()[kind]
    config.problem_type = problem
    config.id2label = dict(enumerate(classes))
    config.label2id = {name: index for index, name in enumerate(classes)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = AutoModelForAudioClassification.from_config(config).eval()
    folder = _new_folder()
    network.to(getattr(torch, dtype)).save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


@cache
def random_clap(truncation: str = "rand_trunc") -> Path:
    """Save a CLAP with random weights and a tokenizer of bytes, once a process.

    Parameters
    ----------
    truncation : str
        As of its extractor; ``fusion`` makes a network with feature fusion.
    """
    import json

    import torch
    import transformers as hf
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    text = {**_SMALL, "vocab_size": 300, "max_position_embeddings": 64, "projection_dim": 16}
    audio = {
        "window_size": 4, "num_mel_bins": 32, "spec_size": 64, "patch_size": 4,
        "patch_stride": [4, 4], "patch_embeds_hidden_size": 16, "hidden_size": 32,
        "depths": [1, 1], "num_attention_heads": [2, 2], "projection_dim": 16,
        "patch_embed_input_channels": 1, "enable_fusion": truncation == "fusion",
        "fusion_type": "aff_2d" if truncation == "fusion" else None,
    }  # fmt: skip
    config = hf.ClapConfig(text_config=text, audio_config=audio, projection_dim=16)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = hf.ClapModel(config).eval()
        for weight in network.parameters():  # else all clips and all texts look alike
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=0.15)
    folder = _new_folder()
    network.save_pretrained(folder)
    hf.ClapFeatureExtractor(
        feature_size=32, sampling_rate=8000, hop_length=80, fft_window_size=256, max_length_s=1,
        frequency_max=4000, truncation=truncation,
    ).save_pretrained(folder)  # fmt: skip
    signs = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *bytes_to_unicode().values()]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({sign: place for place, sign in enumerate(signs)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    hf.RobertaTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder
