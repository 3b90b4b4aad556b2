"""``awb data features`` and ``spectrograms``: every clip of a dataset as a vector or an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from awb.audio import resample
from awb.data.feature_table import FIRST, FeatureTable
from awb.errors import AwbError, DataError, PluginError, described
from awb.harness.config.limits import Limits
from awb.harness.selection.dataset_process import Reader
from awb.harness.selection.whole_dataset import readable
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.warm_plugins import warm
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.protocols import Extractor
from awb.specs import DatasetSpec, ExtractorSpec
from awb.types import AudioArray, Clip

UNLABELLED = "unlabelled"
Report = Callable[[int, int], None]
"""``report(done, total)``."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The outcome of extracting features."""

    table: FeatureTable
    too_short: int  # clips left out because they are shorter than `shortest_s`
    shortest_s: float
    notes: tuple[str, ...]  # on how the dataset was read
    problems: tuple[str, ...]  # one sentence per clip that cannot be read


def class_of(clip: Clip) -> str:
    """Name the class of a clip; several are joined by +, as those of events are."""
    names = {*clip.labels, *(event.label for event in clip.events)}
    return "+".join(sorted(names)) or UNLABELLED


def extract_features(
    dataset: Resolved[DatasetSpec],
    resolved: Resolved[ExtractorSpec],
    report: Report,
    *,
    clips: int | None = None,
    limits: Limits | None = None,
) -> Extracted:
    """Compute the features of every clip that is long enough."""
    extractor = _open(resolved)
    rate_hz, shortest = extractor.sample_rate_hz, extractor.minimum_samples
    problems: list[str] = []
    kept: list[tuple[str, str, str]] = []
    rows = []
    too_short = 0
    with Reader(limits) as reader, one_thread():
        source = reader.open(dataset)
        clip_ids = list(source.dataset.clip_ids())[:clips]
        for clip in readable(source, clip_ids, None, problems.append):
            waveform = resample(clip.waveform, clip.sample_rate_hz, rate_hz)
            if waveform.size < shortest:
                too_short += 1
            else:
                rows.append(_vector(extractor, resolved, clip.id, waveform))
                kept.append((clip.id, class_of(clip), clip.group))
            report(len(kept) + too_short + len(problems), len(clip_ids))
        attributes, notes = source.attributes(), source.notes()
    if not kept:
        raise DataError(
            f"{dataset.label}: none of {len(clip_ids)} clips can be used: {too_short} are shorter"
            f" than {shortest / rate_hz:g} s, {len(problems)} cannot be read"
        )
    ids, classes, groups = zip(*kept, strict=True)
    known = _columns(attributes, ids)
    table = FeatureTable(resolved.spec.name, ids, classes, groups, np.stack(rows), known)
    return Extracted(table, too_short, shortest / rate_hz, notes, tuple(problems))


def _open(resolved: Resolved[ExtractorSpec]) -> Extractor:
    extractor = warm(resolved)
    if not isinstance(extractor, Extractor):
        raise PluginError(f"{resolved.label} is no extractor. Type: awb check {resolved.label}")
    return extractor


def _vector(
    extractor: Extractor, resolved: Resolved[ExtractorSpec], clip_id: str, waveform: AudioArray
) -> FloatArray:
    """Extract one clip behind the plugin boundary."""
    name = f"extractor {resolved.label}, clip {clip_id}"
    try:
        found = np.asarray(extractor.vectors(waveform[np.newaxis]), dtype=np.float64)
    except AwbError:
        raise
    except Exception as error:
        raise PluginError(f"{name}: {described(error)}") from error
    if found.shape != (1, extractor.n_features) or not np.isfinite(found).all():
        raise PluginError(f"{name}: shape {found.shape}, or values that are not finite")
    vector: FloatArray = found[0]
    return vector


def _columns(
    attributes: Mapping[str, Mapping[str, str]], clip_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Turn what is known of each clip into columns; what is unknown is empty."""
    names = dict.fromkeys(name for known in attributes.values() for name in known)
    columns = {
        name: tuple(attributes.get(clip_id, {}).get(name, "") for clip_id in clip_ids)
        for name in names
    }
    return {f"{name} (table)" if name in FIRST else name: one for name, one in columns.items()}
