"""docs/reference/plugins.md: the built-in models, datasets and maskers, and their settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from awb.builtins.maskers import MASKERS
from awb.specs import AnySpec, DatasetSpec, ExtractorSpec, ModelSpec
from awb_datasets import awb_datasets
from awb_plugins.models import awb_extractors, awb_models
from pages.tables import table

MODEL_COLUMNS = ["model", "what", "threshold", "can be trained", "install"]

TEXT = """# Models, datasets, extractors, maskers

`awb plugins` lists what is installed, from awb and from others, and says how to get what a plugin
still needs. Settings are typed after the name, as in `--model yamnet:backend=litert` or
`--dataset drums:clips=100,seed=1`; unknown names are refused. Explainers are on
[a page of their own](../explainers.md), and so are [metrics](../metrics.md).

## Models

{models}

{model_details}

## Datasets

{datasets}

{dataset_details}

## Extractors

What turns a clip into one vector of features: `awb data features --extractor NAME`.

{extractors}

{extractor_details}

## Maskers

What replaces the audio of a dropped segment: `awb run --masker NAME`.

{maskers}

{masker_details}
"""


def page() -> str:
    """Write the page."""
    models, datasets = awb_models(), awb_datasets()
    return TEXT.format(
        models=table(MODEL_COLUMNS, map(_model, models)),
        model_details=_details(models),
        datasets=table(["dataset", "what", "run with", "install"], map(_dataset, datasets)),
        dataset_details=_details(datasets),
        extractors=table(["extractor", "what", "install"], map(_extractor, awb_extractors())),
        extractor_details=_details(awb_extractors()),
        maskers=table(["masker", "what"], ([f"`{one.name}`", one.summary] for one in MASKERS)),
        masker_details=_details(MASKERS),
    )


def _model(spec: ModelSpec) -> list[str]:
    trainable = "yes" if spec.trainable else ""
    return [
        f"[`{spec.name}`](#{spec.name})",
        spec.summary,
        f"{spec.decision_threshold:g}",
        trainable,
        _install(spec),
    ]


def _dataset(spec: DatasetSpec) -> list[str]:
    models = ", ".join(f"`{one}`" for one in spec.models)
    return [f"[`{spec.name}`](#{spec.name})", spec.summary, models, _install(spec)]


def _extractor(spec: ExtractorSpec) -> list[str]:
    return [f"`{spec.name}`", spec.summary, _install(spec)]


def _install(spec: AnySpec) -> str:
    return f"`audio-where-benchmark[{spec.extra}]`" if spec.extra else ""


def _details(specs: Sequence[AnySpec]) -> str:
    return "\n\n".join(map(_section, specs))


def _section(spec: AnySpec) -> str:
    parts = [f"### {spec.name}", f"Source: {spec.citation.rstrip('.')}."]
    if isinstance(spec, DatasetSpec) and spec.path_parameter:
        parts.append(f"`{spec.name}:PATH` sets `{spec.path_parameter}`.")
    fields = spec.parameters.model_fields
    if fields:
        rows = ([f"`{name}`", _type(field), _default(field)] for name, field in fields.items())
        parts.append(table(["setting", "type", "default"], rows))
    return "\n\n".join(parts)


def _type(field: FieldInfo) -> str:
    shown = field.annotation
    text = shown.__name__ if isinstance(shown, type) else str(shown)
    text = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text).replace(" | None", "")
    choices = re.fullmatch(r"Literal\[(.*)\]", text)
    if choices:
        return "one of " + choices.group(1).replace("'", "`")
    return f"`{text}`"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else "see its card"
    if field.default is None:
        return "none"
    value = field.default
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
