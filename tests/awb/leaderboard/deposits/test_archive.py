"""``awb publish --archive``: one file with everything, the same every time, and its papers."""

from __future__ import annotations

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow.parquet
import pytest
import yaml

import submissions
from awb.errors import ParameterError
from awb.leaderboard.deposits.about import About, spdx
from awb.leaderboard.deposits.archive import CHECK, checked_archive, write_archive
from awb.leaderboard.deposits.papers import license_text
from awb.leaderboard.publishing.hub import collect
from awb.plugins.discovery import load


def _made(into: Path, path: Path, license_id: str = "apache-2.0") -> Path:
    submitted, files = collect(into, load(), license_id=license_id, commands=CHECK)
    write_archive(path, submitted, files, license_id=license_id)
    return path


@pytest.fixture(scope="module")
def archive(published: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(_made(published, tmp_path_factory.mktemp("archive") / "boards.zip"))


def test_it_has_everything_and_the_hash_of_everything(
    archive: zipfile.ZipFile, published: Path
) -> None:
    names = set(archive.namelist())
    here = {one.relative_to(published).as_posix() for one in published.glob("submissions/*/*")}
    papers = {"README.md", "LICENSE", "CITATION.cff", ".zenodo.json", "croissant.json"}
    assert names >= here | papers | {"SHA256SUMS", "scores.parquet"}
    sums = dict(
        reversed(line.split("  ", 1)) for line in archive.read("SHA256SUMS").decode().splitlines()
    )
    assert set(sums) == names - {"SHA256SUMS"}
    for name, expected in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == expected
    for name in here:
        assert archive.read(name) == (published / name).read_bytes()
    assert not any(name.startswith(("site/", "/")) or ".." in name for name in names)


def test_the_same_submissions_give_the_same_bytes(published: Path, tmp_path: Path) -> None:
    one, other = (_made(published, tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))
    assert one == other
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_what_was_unpacked_passes_verify(archive: zipfile.ZipFile, tmp_path: Path) -> None:
    archive.extractall(tmp_path)
    assert submissions.awb("verify", tmp_path).exit_code == 0


def test_its_papers_agree_with_the_submissions(archive: zipfile.ZipFile, published: Path) -> None:
    record = submissions.read(submissions.submission(published))
    cited = yaml.safe_load(archive.read("CITATION.cff"))
    deposit = json.loads(archive.read(".zenodo.json"))
    assert cited["cff-version"] == "1.2.0"
    assert (cited["type"], deposit["upload_type"]) == ("dataset", "dataset")
    assert cited["authors"] == deposit["creators"] == [{"name": record["credit"]["author"]}]
    assert cited["version"] == deposit["version"] == record["environment"]["awb"]
    assert str(cited["date-released"]) == record["environment"]["created"][:10]
    assert deposit["publication_date"] == str(cited["date-released"])
    assert cited["license"] == "Apache-2.0"
    assert archive.read("LICENSE").decode().strip().startswith("Apache License")
    assert "sha256sum --check SHA256SUMS" in archive.read("README.md").decode()


def test_croissant_describes_the_table(archive: zipfile.ZipFile) -> None:
    described = json.loads(archive.read("croissant.json"))
    assert described["@type"] == "sc:Dataset"
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert described["license"] == "https://spdx.org/licenses/Apache-2.0.html"
    [table] = described["distribution"]
    content = archive.read(table["contentUrl"])
    assert table["sha256"] == hashlib.sha256(content).hexdigest()
    schema = pyarrow.parquet.read_schema(BytesIO(content))
    [records] = described["recordSet"]
    kinds = {"sc:Float": "double", "sc:Text": "string"}
    for one, column in zip(records["field"], schema, strict=True):
        assert one["source"]["extract"]["column"] == column.name
        assert one["source"]["fileObject"]["@id"] == table["@id"]
        assert kinds[one["dataType"]] == str(column.type)
        assert one["@id"] == f"scores/{column.name}"
        assert one["description"] != column.name, "every column is explained"


def test_other_licences_are_named(published: Path) -> None:
    submitted, _ = collect(published, load(), license_id="cc-by-4.0", commands=CHECK)
    assert About.of(submitted, "cc-by-4.0").license_id == "cc-by-4.0"
    assert spdx("cc-by-4.0") in license_text("cc-by-4.0")
    assert "spdx.org/licenses/CC-BY-4.0" in license_text("cc-by-4.0")


def test_where_an_archive_cannot_go_is_said_first(tmp_path: Path) -> None:
    for path in (tmp_path / "boards.tar", tmp_path / "nowhere" / "boards.zip"):
        with pytest.raises(ParameterError, match=r"--archive"):
            checked_archive(path)


def test_the_command_writes_it(published: Path, tmp_path: Path) -> None:
    path = tmp_path / "boards.zip"
    result = submissions.awb("publish", "--into", published, "--no-site", "--archive", path)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == str(path)
    assert zipfile.is_zipfile(path)
