"""Datasets are read in a process that can be ended; healthy ones read the same as in this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import faulty_datasets
import small_data
from awb.errors import DataError, PluginError
from awb.harness.config.limits import Limits
from awb.harness.selection.dataset_process import NOT_TRIED, Reader, Source
from awb.harness.workers.executor import InProcess
from awb.harness.workers.processes import Processes
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.plugins.session import add_file


@pytest.fixture
def reader(added: dict[Any, Any]) -> Iterator[Reader]:
    """A reader with a time limit of eight seconds."""
    add_file(Path(faulty_datasets.__file__))
    with Reader(Limits(time_s=8)) as opened:
        yield opened


def _faulty(reader: Reader, how: str, where: str) -> Source:
    return reader.open(resolve(load(), "dataset", f"faulty:how={how},where={where}"))


def _what_became(source: Source) -> list[str]:
    found = []
    for clip_id in source.dataset.clip_ids():
        try:
            found.append(source.load(clip_id).id)
        except DataError as error:
            found.append(str(error).removeprefix(f"dataset {source.resolved.label}, "))
    return found


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    resolved = resolve(load(), "dataset", f"folder:{small_data.build(tmp_path)}")
    with Reader() as distant, Reader(isolate=False) as near:
        there, here = distant.open(resolved), near.open(resolved)
        ids = list(here.dataset.clip_ids())
        assert list(there.dataset.clip_ids()) == ids
        for name in ("fingerprint", "excluded"):
            own: Any = getattr(here.dataset, name, None)
            answer = getattr(there.dataset, name)()
            assert answer == (own() if own else type(answer)())
        for one, other in ((here.load(clip_id), there.load(clip_id)) for clip_id in ids):
            np.testing.assert_array_equal(one.waveform, other.waveform)
            assert one.waveform.dtype == other.waveform.dtype
            assert (one.id, one.events, one.labels, one.group, one.sample_rate_hz) == (
                other.id, other.events, other.labels, other.group, other.sample_rate_hz
            )  # fmt: skip


def test_a_clip_that_hangs_is_tried_only_once(reader: Reader) -> None:
    source = _faulty(reader, "hangs", "1")
    expected = [f"clip-{number}" for number in range(faulty_datasets.CLIPS)]
    expected[1] = "clip clip-1: ran longer than 8 s (--time-limit)"
    assert _what_became(source) == expected
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    assert _what_became(source) == expected
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert before == after, "what is known to hang is not tried again"


def test_after_three_failures_only_clips_read_before_are_read(reader: Reader) -> None:
    source = _faulty(reader, "exits", "0135")
    ended = "its process ended: exit code 3"
    expected = [
        f"clip clip-0: {ended}",
        f"clip clip-1: {ended}",
        "clip-2",
        f"clip clip-3: {ended}",
        *(f"clip clip-{number}: {NOT_TRIED}" for number in (4, 5, 6)),
    ]
    assert _what_became(source) == expected
    assert _what_became(source) == expected, "the selection for a second model sees the same"


@pytest.mark.parametrize("where", ["build", "list"])
def test_errors_of_the_whole_dataset_are_reported_in_one_line(reader: Reader, where: str) -> None:
    doing = {"build": "it was made", "list": "it listed its clips"}[where]
    with pytest.raises(PluginError) as found:
        _faulty(reader, "crashes", where).dataset.clip_ids()
    name = f"dataset faulty:how=crashes,where={where}"
    assert str(found.value) == f"{name}: its process ended: signal SIGSEGV, while {doing}"


def test_errors_of_a_dataset_arrive_as_they_are(reader: Reader) -> None:
    source = _faulty(reader, "raises", "2")
    with pytest.raises(DataError, match=r"^clip-2 is broken$"):
        source.load("clip-2")
    with pytest.raises(DataError, match=r"clip no-clip: ValueError: invalid literal"):
        source.load("no-clip")
    with pytest.raises(DataError, match=r"load returned str, expected awb\.types\.Clip"):
        _faulty(reader, "text", "2").load("clip-2")


def test_no_process_remains(added: dict[Any, Any]) -> None:
    add_file(Path(faulty_datasets.__file__))
    before = set(psutil.Process().children(recursive=True))
    with Reader(Limits(time_s=8)) as opened:
        assert _faulty(opened, "exits", "").load("clip-0").id == "clip-0"
        new = set(psutil.Process().children(recursive=True)) - before
        # The tracker of shared memory is Python's own, one for the life of this process.
        children = [one for one in new if "resource_tracker" not in " ".join(one.cmdline())]
        assert children
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_it_is_as_isolated_as_the_workers() -> None:
    resolved = resolve(load(), "dataset", "soundscapes")
    with Reader.beside(InProcess()) as near:
        assert type(near.open(resolved).dataset).__module__.startswith("awb_datasets.")
    with Processes(1) as workers, Reader.beside(workers) as distant:
        assert not type(distant.open(resolved).dataset).__module__.startswith("awb_datasets.")
