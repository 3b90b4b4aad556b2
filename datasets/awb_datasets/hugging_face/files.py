"""The files of a dataset: of one commit on the Hub, or of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from awb.errors import DataError, HubError, ParameterError

SUFFIX = ".parquet"
CONVERTED = "refs/convert/parquet"
"""The branch to which the Hub converts datasets of other forms."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Files:
    """Files that are read as needed.

    Attributes
    ----------
    name : str
        As typed.
    commit : str
        Of the Hub's repository; empty for a folder.
    root : str
        Their folder, as the file system names it.
    system : fsspec.AbstractFileSystem
        Where they lie.
    """

    name: str
    commit: str
    root: str
    system: Any

    def listed(self) -> list[str]:
        """List the Parquet files by their paths from the root, sorted."""
        with answered(self.name):
            found = self.system.find(self.root)
        inside = (path.removeprefix(self.root).lstrip("/") for path in found)
        return sorted(path for path in inside if path.endswith(SUFFIX))

    def open(self, path: str) -> IO[bytes]:
        """Open a file; of one on the Hub, only what is read is fetched."""
        with answered(self.name):
            file: IO[bytes] = self.system.open(f"{self.root}/{path}", "rb")
            return file

    def content(self, path: str) -> bytes:
        """Read a file that a row names."""
        parts = PurePosixPath(path.replace("\\", "/")).parts
        if not parts or path.startswith("/") or ".." in parts or ":" in parts[0]:
            raise DataError(f"{self.name}: its audio is {path!r}, a file of another computer")
        with answered(self.name):
            content: bytes = self.system.cat_file(f"{self.root}/{'/'.join(parts)}")
            return content

    def card(self) -> str:
        """Read the card; empty if there is none."""
        with answered(self.name):
            path = f"{self.root}/README.md"
            if not self.system.exists(path):
                return ""
            content: bytes = self.system.cat_file(path)
        return content.decode("utf-8", errors="replace")


def open_files(name: str, revision: str) -> Files:
    """Open a folder, or a dataset of the Hub at a commit."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if revision:
            raise ParameterError(f"{name} is a folder here, so revision={revision} means nothing")
        from fsspec.implementations.local import LocalFileSystem

        return Files(name, "", folder.resolve().as_posix(), LocalFileSystem())
    if not _NAME.fullmatch(name):
        raise DataError(
            f"there is no folder {name}, and it is not a name on the Hub; type hf:OWNER/NAME or"
            " hf:FOLDER"
        )
    if not _COMMIT.fullmatch(revision):
        raise ParameterError(_pinned(name, revision))
    from huggingface_hub import HfFileSystem

    return Files(name, revision, f"datasets/{name}@{revision}", HfFileSystem())


def _pinned(name: str, revision: str) -> str:
    """Say what to type for the present commit of a branch, since branches move."""
    from huggingface_hub import HfApi

    with answered(name):
        api = HfApi(library_name="awb")
        branch = revision or "main"
        info = api.dataset_info(name, revision=branch)
        if not revision and not any(one.rfilename.endswith(SUFFIX) for one in info.siblings or ()):
            refs = api.list_repo_refs(name, repo_type="dataset")
            if any(one.ref == CONVERTED for one in refs.converts):
                branch = CONVERTED
                info = api.dataset_info(name, revision=branch)
    what = f"revision={revision} moves" if revision else "without a revision, a dataset may change"
    return f"{name}: {what}. Type hf:{name},revision={info.sha} for {branch} as it is now"


@contextmanager
def answered(name: str) -> Iterator[None]:
    """Turn what the Hub or a disk refuses into one sentence."""
    from huggingface_hub.errors import HTTPError

    try:
        yield
    except (HTTPError, OSError) as error:
        failure = _reported(name, error)
    else:
        return
    # Raised outside the handlers, so that no traceback holds a request with its token.
    raise failure


def _reported(name: str, error: Exception) -> DataError | HubError:
    """Say what happened and what to do, without quoting the request."""
    from huggingface_hub.errors import (
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cause = error.__cause__ or error if isinstance(error, FileNotFoundError) else error
    if isinstance(cause, GatedRepoError):
        return HubError(
            f"{name} is gated: accept its conditions at https://huggingface.co/datasets/{name},"
            " and type: hf auth login"
        )
    if isinstance(cause, RepositoryNotFoundError):
        return HubError(
            f"the Hub has no dataset {name}, or it is private: check the name, or type: hf auth"
            " login"
        )
    if isinstance(cause, RevisionNotFoundError):
        return HubError(f"{name} has no such revision; leave it out to be told the present one")
    if isinstance(cause, FileNotFoundError):
        return DataError(f"{name}: there is no file {cause.filename or cause}")
    status = getattr(getattr(cause, "response", None), "status_code", None)
    what = f"status {status}" if status is not None else f"{type(cause).__name__}: {cause}"
    return HubError(f"{name} cannot be read ({what.splitlines()[0]}); try again later")
