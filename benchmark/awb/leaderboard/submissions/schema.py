"""The format of a submission: one explainer on one board, as JSON with a file of relevance.

Scores are columns: one list per metric with one value per instance, in the order of ``instances``.
Undefined values are null, and ``undefined`` has the reason. Relevance has a separate file: the
cells of all explained instances, concatenated, little-endian and deflated.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationError,
    model_validator,
)

from awb.data.instance_kinds import HITS, InstanceKind
from awb.errors import SubmissionError
from awb.harness.selection.manifest import Manifest
from awb.leaderboard.submissions.canonical_json import content_sha256
from awb.leaderboard.submissions.untrusted_text import check_label, check_name, check_printable

FORMAT = 1
MAX_TEXT = 500
MAX_INSTANCES = 100_000
MAX_CELLS = 20_000
MAX_EVENTS = 1_000
MAX_METRICS = 500


def _file_name(text: str) -> str:
    if "/" in text or "\\" in text or text.startswith("."):
        raise ValueError("is a path out of the folder of the submission")
    return text


Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(check_printable)]
Label = Annotated[Text, Field(min_length=1), AfterValidator(check_label)]
Name = Annotated[Text, AfterValidator(check_name)]
FileName = Annotated[Text, AfterValidator(_file_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=10**15)]
Seconds = Annotated[FiniteFloat, Field(ge=0, le=10**9)]
Amount = Annotated[FiniteFloat, Field(ge=0, le=10**15)]
Score = Annotated[FiniteFloat, Field(ge=-(10**30), le=10**30)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
LogOdds = Annotated[FiniteFloat, Field(ge=-(10**6), le=10**6)]
Status = Literal["ok", "failed", "not applicable"]
Column = Annotated[list[Score | None], Field(max_length=MAX_INSTANCES)]
Budget = Annotated[int, Field(ge=1, le=10**9)]
Place = Annotated[int, Field(ge=0, lt=MAX_INSTANCES)]
Reasons = dict[Text, Annotated[list[Place], Field(max_length=MAX_INSTANCES)]]
Versions = Annotated[dict[Text, Text], Field(max_length=100)]


class Strict(BaseModel):
    """Base of all parts of a submission: unknown keys and type conversions are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Plugin(Strict):
    """A plugin with its settings, and the distribution that provides it."""

    label: Label
    name: Name
    parameters: dict[Text, JsonValue]
    distribution: Text
    version: Text

    @model_validator(mode="after")
    def _label_is_of_name(self) -> Plugin:
        if self.label.partition(":")[0] != self.name:
            raise ValueError(f"the label {self.label} is not one of {self.name}")
        return self


class Settings(Strict):
    """The settings that scores depend on; the same for all submissions of a board."""

    design: Text
    samples: Annotated[int, Field(ge=1, le=1_000_000)]
    budgets: Annotated[list[Budget], Field(min_length=1, max_length=100)] | None
    seed: Count
    segment_s: Annotated[Seconds, Field(gt=0)]
    segment_hop_s: Annotated[Seconds, Field(gt=0)]
    max_event_fraction: Share
    min_score: LogOdds | None
    clips: Count | None
    among_first: Count | None = None
    robustness: Count | Literal["all"]
    robustness_samples: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    masker: Text
    scoring_masker: Text
    sample_rate_hz: Annotated[int, Field(ge=1, le=10_000_000)]
    instances: InstanceKind = HITS  # written for errors only


class Environment(Strict):
    """Where and when it was computed; a spot check compares it with this machine."""

    awb: Text
    created: Text
    platform: Text
    versions: Versions
    hardware: Versions
    computed_on: Text


class Credit(Strict):
    """What the author typed: the only free text, which no score depends on."""

    author: Text = ""
    note: Text = ""
    citation: Text = ""


class ManifestReference(Strict):
    """The file of the manifest, and its hash."""

    file: FileName
    sha256: Sha256


class RelevanceReference(Strict):
    """The file of relevance, its hash and its type."""

    file: FileName
    sha256: Sha256
    dtype: Literal["<f4", "<f8"]


class Row(Strict):
    """One instance: its size, its status and its cost.

    The seconds include those of the design, as if the explainer had run alone.
    """

    clip_id: Text
    target: Text
    n_samples: Annotated[int, Field(ge=1, le=10**10)]
    n_cells: Annotated[int, Field(ge=1, le=MAX_CELLS)]
    status: Status
    reason: Text
    calls: Count
    forwards: Amount
    seconds: Seconds


class Submission(Strict):
    """One explainer on one (dataset, model) pair."""

    format: Literal[1]
    name: Label  # of the row: the explainer's label, followed by @BUDGET if it has a budget
    dataset: Plugin
    model: Plugin
    explainer: Plugin
    metrics: Annotated[list[Plugin], Field(min_length=1, max_length=MAX_METRICS)]
    settings: Settings
    environment: Environment
    credit: Credit
    manifest: ManifestReference
    relevance: RelevanceReference
    # All instances of the manifest, in its order.
    instances: Annotated[list[Row], Field(min_length=1, max_length=MAX_INSTANCES)]
    scores: Annotated[dict[Text, Column], Field(max_length=MAX_METRICS)]  # one column per metric
    # Per metric: why values are missing, and at which places in `instances`.
    undefined: Annotated[dict[Text, Reasons], Field(max_length=MAX_METRICS)]
    sha256: Sha256  # of everything else in the record

    @property
    def kind(self) -> InstanceKind:
        """The kind of the instances."""
        return self.settings.instances


_Told = Annotated[str, Field(max_length=4_000)]  # may be several lines; pages shorten it


_Labelled = Annotated[tuple[Text, Seconds, Seconds], Field(strict=False)]  # JSON has lists


class _Kept(Strict):
    clip_id: Text
    target: Text
    class_index: Count
    intervals_s: Annotated[
        list[Annotated[list[Seconds], Field(min_length=2, max_length=2)]],
        Field(max_length=MAX_EVENTS),
    ]
    score: LogOdds
    audio_sha256: Sha256
    # Of a false alarm: what is labelled in its clip, from when to when, and the clip's length.
    others: Annotated[list[_Labelled], Field(max_length=MAX_EVENTS)] = []
    duration_s: Seconds = 0.0


class _Skipped(Strict):
    clip_id: _Told
    target: _Told
    reason: _Told
    detail: _Told


class ManifestContent(Strict):
    """The file of an `awb.harness.selection.manifest.Manifest`."""

    dataset: Text
    model: Text
    weights_sha256: Text
    kept: Annotated[list[_Kept], Field(max_length=MAX_INSTANCES)]
    skipped: list[_Skipped]
    fingerprint: Text
    kind: InstanceKind = HITS


def _validated(schema: type[Strict], plain: dict[str, Any], name: str) -> Any:
    try:
        return schema.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "content"
        message = first["msg"].removeprefix("Value error, ")
        raise SubmissionError(f"{name}: {place}: {message}") from None


def read_submission(plain: dict[str, Any], name: str) -> Submission:
    """Check the schema and the hash of a submission."""
    if plain.get("format") != FORMAT:
        given = str(plain.get("format"))[:20]
        raise SubmissionError(f"{name}: format {given}; this version of awb reads format {FORMAT}")
    found: Submission = _validated(Submission, plain, name)
    if content_sha256(plain) != found.sha256:
        raise SubmissionError(f"{name} was changed after it was published: its hash differs")
    return found


def read_manifest(plain: dict[str, Any], name: str) -> Manifest:
    """Check the schema of a manifest, and build it."""
    _validated(ManifestContent, plain, name)
    return Manifest.from_json(plain)
