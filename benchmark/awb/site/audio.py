"""The audio of submitted instances, if the dataset is installed and may be redistributed."""

from __future__ import annotations

from collections.abc import Sequence

from awb.errors import AwbError, ParameterError, did_you_mean
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import audio_sha256
from awb.harness.unit.warm_plugins import build
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.plugins.discovery import Registry
from awb.plugins.resolve import resolve
from awb.report.views.board import InstanceView
from awb.report.views.clips import Heard, RunSound


class SubmittedClips:
    """Audio of published instances, from the named datasets."""

    def __init__(
        self, submitted: Sequence[Submitted], registry: Registry, datasets: Sequence[str]
    ) -> None:
        self._registry = registry
        self._records: dict[tuple[str, str], Submission] = {}
        self._sources: dict[str, Source | str] = {}
        known: set[str] = set()
        for one in submitted:
            record = one.record
            names = {record.dataset.label, record.dataset.name}
            known |= names
            self._records.setdefault((record.dataset.label, record.model.label), record)
            if names & set(datasets) and record.dataset.label not in self._sources:
                self._sources[record.dataset.label] = self._source(record.dataset.label)
        for name in datasets:
            if name not in known:
                raise ParameterError(
                    f"--audio {name}: nothing is published about it.{did_you_mean(name, known)}"
                )

    def _source(self, label: str) -> Source | str:
        try:
            resolved = resolve(self._registry, "dataset", label)
            return Source(resolved, build(resolved))
        except AwbError as error:
            return f"the dataset {label} is not available: {error}"

    def load(self, instance: InstanceView) -> Heard | str:
        """Return the audio of an instance, or the reason why there is none."""
        source = self._sources.get(instance.dataset)
        if source is None:
            return f"this site was built without the clips of {instance.dataset}"
        if isinstance(source, str):
            return source
        try:
            clip = source.load(instance.kept.clip_id)
            if audio_sha256(clip) != instance.kept.audio_sha256:
                return f"the audio of clip {clip.id} differs from the explained audio"
            sound = self._sound(self._records[instance.dataset, instance.model])
            return sound.heard(instance.dataset_name, instance.model, clip, instance.kept.target)
        except AwbError as error:
            return str(error)

    def _sound(self, record: Submission) -> RunSound:
        used = record.settings
        return RunSound(
            used.segment_s,
            used.segment_hop_s,
            resolve(self._registry, "masker", used.masker),
            used.seed,
            {record.model.label: used.sample_rate_hz},
        )
