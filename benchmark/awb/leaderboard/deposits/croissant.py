"""The table of scores in Croissant: JSON-LD by which catalogues and loaders know a dataset.

References
----------
Croissant Format Specification 1.0. https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from awb.leaderboard.deposits.about import KEYWORDS, TITLE, About, license_url
from awb.leaderboard.formats.long_table import PUBLISHED_COLUMNS
from awb.leaderboard.submissions.files import Submitted

CROISSANT, TABLE = "croissant.json", "scores.parquet"
_CONFORMS = "http://mlcommons.org/croissant/1.0"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_MEANING = {
    "dataset": "The dataset with its settings.",
    "model": "The model with its settings.",
    "explainer": "The explainer with its settings, and its budget of model calls after an @.",
    "clip_id": "The clip.",
    "target": "The class whose score is explained.",
    "metric": "The metric with its settings.",
    "value": "The score; missing where it is undefined.",
    "reason": "Why a score is missing.",
    "instances": "What is explained: hits, false-alarms or misses.",
}


def croissant(submitted: Sequence[Submitted], table: bytes, *, license_id: str) -> bytes:
    """Describe the table of scores."""
    about = About.of(submitted, license_id)
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": TITLE,
        "conformsTo": _CONFORMS,
        "description": about.description,
        "license": license_url(license_id),
        "creator": [{"@type": "sc:Organization", "name": name} for name in about.authors],
        "datePublished": about.date,
        "version": about.version,
        "citeAs": f"{'; '.join(about.authors)} ({about.date[:4] or 'n.d.'}). {TITLE}.",
        "keywords": list(KEYWORDS),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": TABLE,
                "name": TABLE,
                "description": "Every score: one row per instance, explainer and metric.",
                "contentUrl": TABLE,
                "contentSize": f"{len(table)} B",
                "encodingFormat": "application/x-parquet",
                "sha256": hashlib.sha256(table).hexdigest(),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "scores",
                "name": "scores",
                "description": "Every score of every instance.",
                "field": [_field(name) for name in PUBLISHED_COLUMNS],
            }
        ],
    }
    return (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()


def _field(name: str) -> dict[str, object]:
    return {
        "@type": "cr:Field",
        "@id": f"scores/{name}",
        "name": name,
        "description": _MEANING.get(name, name),
        "dataType": "sc:Float" if name == "value" else "sc:Text",
        "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
    }
