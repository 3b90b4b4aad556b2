"""Small runs of every kind that a run can be, made once per session, for tests of their readers."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import small_data
from awb.errors import AwbError
from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec, ModelSpec
from browser import awb

EXPLAINERS = ("naive", "correlation", "earliest", "random", "oracle")
METRICS = ("roc-auc", "ff@1", "ff@10", "deletion-area")
BUDGETS = (20, 40)
N_CLIPS = 3


@dataclass(frozen=True)
class Kind:
    """A run on disk and what is true of it, whoever reads it."""

    path: Path
    boards: int = 1
    instances: int = N_CLIPS
    """Finished ones, per board."""
    sizes: tuple[int, ...] = ()
    """The same for each board, where they differ."""
    explainers: tuple[str, ...] = EXPLAINERS
    """Those with a row that has values, per board."""
    metrics: tuple[str, ...] = METRICS
    budgets: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    """Numbers of boards on which nothing was selected."""
    finished: bool = True
    options: tuple[str, ...] = ()
    """What a command that computes must be told, too."""

    def n_instances(self, number: int) -> int:
        """Finished instances of a board, by its number from 1."""
        if number in self.empty:
            return 0
        return self.sizes[number - 1] if self.sizes else self.instances

    def shown(self, number: int) -> set[str]:
        """Explainers with values on a board, by its number from 1.

        ``naive`` asks for each of the 30 segments once, which is more than the smaller budget.
        """
        if number in self.empty:
            return set()
        dear = {"naive"} if self.budgets and self.budgets[number - 1] < 30 else set()
        return set(self.explainers) - dear


class _BrokenError(AwbError):
    """What the explainer `fails` raises."""


def _fails(perturber: object, instance: object, rng: object) -> None:
    raise _BrokenError("this explainer fails on every instance")


def _fails_once(perturber: object, instance: object, rng: object) -> object:
    if instance.clip.id == "clip-1.wav":  # type: ignore[attr-defined]
        raise _BrokenError("this explainer fails on one clip")
    return _last(perturber, instance, rng)


def _last(perturber: object, instance: object, rng: object) -> object:
    import numpy as np

    return np.arange(perturber.n_segments, dtype=np.float64)  # type: ignore[attr-defined]


class _Quieter:
    """Half as sure as the model ``loudness`` of the test plugin."""

    sample_rate_hz = 8_000
    classes = ("Loud", "Quiet")

    def scores(self, waveforms: object) -> object:
        import numpy as np

        frames = waveforms[:, : waveforms.shape[1] // 800 * 800].reshape(len(waveforms), -1, 800)  # type: ignore[index,attr-defined,arg-type]
        loud = 10 * np.sqrt(np.square(frames).mean(axis=2)).max(axis=1) - 1
        return np.stack([loud, -loud], axis=1).astype(np.float32)


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """An explainer that fails, and one that works, of a file of one's own."""
    return [
        ExplainerSpec(
            name=name,
            summary="A test.",
            citation="a test",
            cost="none",
            factory=lambda _, one=one: one,
        )
        for name, one in (("fails", _fails), ("fails-once", _fails_once), ("latest", _last))
    ]


@hookimpl
def awb_models() -> list[ModelSpec]:
    """A second model of the same classes, at another rate."""
    return [
        ModelSpec(
            name="quieter", summary="A test.", citation="a test", factory=lambda _: _Quieter()
        )
    ]


PLUGIN = f"--plugin={__file__}"


def _run(out: Path, data: Path, *options: str, explainers: Sequence[str] = EXPLAINERS,
         exit_code: int = 0) -> Path:  # fmt: skip
    done = awb(
        "run", f"--dataset=folder:{data}", "--model=loudness", "--jobs=1", "--no-isolate",
        "--robustness=0", "--no-baselines", f"--explainers={','.join(explainers)}",
        f"--metrics={','.join(METRICS)}", f"--out={out}", *options,
        *([] if any("--budgets" in one for one in options) else ["--samples=40"]),
    )  # fmt: skip
    assert done.exit_code == exit_code, done.output
    return out


def _sweep(folder: Path, data: Path) -> Path:
    """Run every explainer with two maskers."""
    file = folder / "sweep.toml"
    file.write_text(
        f'datasets = ["folder:{data}"]\nmodels = ["loudness"]\nsamples = 40\nrobustness = 0\n'
        f"baselines = false\nisolate = false\njobs = 1\nexplainers = {json.dumps(EXPLAINERS)}\n"
        f'metrics = {json.dumps(METRICS)}\n[sweep]\nmasker = ["zeros", "noise"]\n',
        encoding="utf-8",
    )
    done = awb("run", file, f"--out={folder / 'sweep'}")
    assert done.exit_code == 0, done.output
    return folder / "sweep"


def weak_data(folder: Path) -> Path:
    """A dataset whose clips say what sounds, and not when."""
    small_data.build(folder, N_CLIPS)
    names = [path.name for path in sorted((folder / "audio").iterdir())]
    lines = ["filename\tevent_labels", *(f"{name}\tLoud" for name in names)]
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _without_units(run: Path, out: Path, keep: int) -> Path:
    """Copy a run as a kill would have left it: only some units are stored."""
    shutil.copytree(run, out)
    with closing(sqlite3.connect(out / "results.sqlite")) as connection, connection:
        connection.execute("pragma foreign_keys = on")
        keys = [key for (key,) in connection.execute("select key from unit order by clip_id")]
        for key in keys[keep:]:
            for table in ("score", "curve", "explanation"):
                connection.execute(f"delete from {table} where unit_key = ?", (key,))
            connection.execute("delete from unit where key = ?", (key,))
    return out


def _before_selection(run: Path, out: Path) -> Path:
    """Copy a run as a kill during the selection would have left it."""
    shutil.copytree(run, out)
    (out / "manifests.json").unlink()
    (out / "results.sqlite").unlink()
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    record.pop("manifests", None)
    (out / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return out


def build(folder: Path) -> dict[str, Kind]:
    """Make every kind of run in a folder."""
    data = small_data.build(folder / "data", N_CLIPS)
    other = small_data.build(folder / "other", 2)
    single = small_data.build(folder / "single", 1)
    plain = _run(folder / "plain", data)
    budgets = ",".join(map(str, BUDGETS))
    return {
        "plain": Kind(plain),
        "budgets": Kind(
            _run(folder / "budgets", data, f"--budgets={budgets}"), boards=2, budgets=BUDGETS
        ),
        "failed": Kind(
            _run(folder / "failed", data, PLUGIN, explainers=[*EXPLAINERS, "fails"], exit_code=1),
            options=(PLUGIN,),
        ),
        "partly failed": Kind(
            _run(
                folder / "partly", data, PLUGIN, explainers=[*EXPLAINERS, "fails-once"], exit_code=1
            ),
            explainers=(*EXPLAINERS, "fails-once"), options=(PLUGIN,),
        ),
        "nothing worked": Kind(
            _run(folder / "worst", data, PLUGIN, explainers=["fails"], exit_code=1),
            instances=0, explainers=(), options=(PLUGIN,),
        ),
        "baselines": Kind(
            _run(folder / "baselines", data, explainers=["random", "oracle"]),
            explainers=("random", "oracle"),
        ),
        "one empty board": Kind(
            _run(folder / "half", data, PLUGIN, "--model=quieter", "--min-score=1", exit_code=1),
            boards=2, empty=(2,), options=(PLUGIN,),
        ),
        "own plugin": Kind(
            _run(folder / "own", data, PLUGIN, explainers=[*EXPLAINERS, "latest"]),
            explainers=(*EXPLAINERS, "latest"), options=(PLUGIN,),
        ),
        "two models": Kind(
            _run(folder / "models", data, PLUGIN, "--model=quieter"), boards=2, options=(PLUGIN,)
        ),
        "sweep": Kind(_sweep(folder, data), boards=2),
        "two datasets": Kind(
            _run(folder / "datasets", data, f"--dataset=folder:{other}"), boards=2, sizes=(3, 2)
        ),
        "clip-level labels": Kind(
            _run(folder / "weak", weak_data(folder / "weak-data")),
            explainers=tuple(name for name in EXPLAINERS if name != "oracle"),
            metrics=METRICS[1:],
        ),
        "one clip": Kind(_run(folder / "one", single), instances=1),
        "windows": Kind(_run(folder / "windows", data, "--segment=0.5", "--segment-hop=0.1")),
        "no instances": Kind(
            _run(folder / "none", data, "--min-score=1000", exit_code=2), instances=0
        ),
        "unfinished": Kind(
            _without_units(plain, folder / "unfinished", 1), instances=1, finished=False
        ),
        "nothing stored": Kind(
            _without_units(plain, folder / "nothing", 0), instances=0, finished=False
        ),
        "not selected": Kind(
            _before_selection(plain, folder / "early"), instances=0, finished=False
        ),
    }  # fmt: skip
