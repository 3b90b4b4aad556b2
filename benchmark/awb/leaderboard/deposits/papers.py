"""The papers of a deposit: CITATION.cff, the metadata that Zenodo reads, and the licence.

References
----------
Citation File Format 1.2.0. doi:10.5281/zenodo.5171937
Zenodo: deposit metadata. https://developers.zenodo.org/#deposit-metadata
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution

from awb.leaderboard.deposits.about import KEYWORDS, STUDY, TITLE, About, license_url, spdx

OURS = "apache-2.0"
"""The licence of awb, whose text every installation has."""

_MESSAGE = (
    "If you use these results, please cite them as below, together with the explainers, metrics,"
    " models and data that they are of."
)


def citation(about: About) -> str:
    """Write CITATION.cff of the deposit; a JSON string is a YAML string as well."""
    lines = [
        "cff-version: 1.2.0",
        f"title: {json.dumps(TITLE)}",
        f"message: {_MESSAGE}",
        "type: dataset",
        "authors:",
        *(f"  - name: {json.dumps(name, ensure_ascii=False)}" for name in about.authors),
        f"version: {json.dumps(about.version)}",
        *([f"date-released: {about.date}"] if about.date else []),
        f"license: {spdx(about.license_id)}",
        f"abstract: {json.dumps(about.description, ensure_ascii=False)}",
        "keywords:",
        *(f"  - {word}" for word in KEYWORDS),
    ]
    return "\n".join([*lines, ""])


def zenodo(about: About) -> str:
    """Write .zenodo.json, the metadata of a deposit."""
    described = {
        "title": TITLE,
        "upload_type": "dataset",
        "description": about.description,
        "creators": [{"name": name} for name in about.authors],
        "version": about.version,
        **({"publication_date": about.date} if about.date else {}),
        "access_right": "open",
        "license": about.license_id,
        "keywords": list(KEYWORDS),
        "related_identifiers": [
            {
                "identifier": STUDY,
                "relation": "isDerivedFrom",
                "resource_type": "publication-article",
            }
        ],
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def license_text(license_id: str) -> str:
    """Return the text of the licence if it is that of awb, else its name and where its text is."""
    if license_id == OURS:
        try:
            text = distribution("audio-where-benchmark").read_text("licenses/LICENSE")
        except PackageNotFoundError:
            text = None
        if text:
            return text
    return f"{spdx(license_id)}\n\n{license_url(license_id)}\n"
