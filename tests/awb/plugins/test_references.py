"""References, resolution and configuration: what is accepted, and what is refused."""

from __future__ import annotations

import pickle

import pytest

from awb.data.class_index import ClassIndex
from awb.errors import AwbError, ParameterError, UnknownNameError
from awb.harness.config.run_config import make_config, make_design
from awb.plugins.discovery import load
from awb.plugins.references import parse_list, parse_reference
from awb.plugins.resolve import resolve, resolve_all


@pytest.mark.parametrize(
    ("text", "name", "settings", "path"),
    [
        ("naive", "naive", {}, None),
        ("naive:window_s=0.5", "naive", {"window_s": "0.5"}, None),
        (
            "audioset:labels=a,b.tsv,policy=father",
            "audioset",
            {"labels": "a,b.tsv", "policy": "father"},
            None,
        ),
        ("folder:/data/x=1/set", "folder", {}, "/data/x=1/set"),
        ("folder:C:\\data", "folder", {}, "C:\\data"),
        ("yamnet:path=/models/a:b.tflite", "yamnet", {"path": "/models/a:b.tflite"}, None),
    ],
)
def test_references(text: str, name: str, settings: dict[str, str], path: str | None) -> None:
    reference = parse_reference(text)
    assert (reference.name, dict(reference.settings), reference.path) == (name, settings, path)
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    ("text", "settings", "path"),
    [
        ("folder:a b,absent=skip", {"absent": "skip"}, "a b"),
        ("folder:a,x=1,table=b,c.tsv,absent=skip", {"table": "b,c.tsv", "absent": "skip"}, "a,x=1"),
        ("folder:/data/absent=1", {}, "/data/absent=1"),
        ("folder:path=a,absent=skip", {"path": "a", "absent": "skip"}, None),
    ],
)
def test_settings_after_a_path(text: str, settings: dict[str, str], path: str | None) -> None:
    known = {"path", "table", "absent"}
    found = parse_reference(text).with_settings_behind_path(known)
    assert (dict(found.settings), found.path) == (settings, path)
    assert parse_reference(str(found)).with_settings_behind_path(known) == found


def test_a_dataset_by_its_path_takes_settings() -> None:
    found = resolve(load(), "dataset", "folder:my/data,absent=refuse")
    assert found.label == "folder:path=my/data,absent=refuse"
    for text in ("folder:a,absent=skip,absent=refuse", "folder:a,path=b"):
        with pytest.raises(ParameterError, match="given twice"):
            resolve(load(), "dataset", text)


@pytest.mark.parametrize("text", ["", ":", "name:", "  ", ":path", "a:k=1,k=2"])
def test_unreadable_references(text: str) -> None:
    with pytest.raises(ParameterError):
        parse_reference(text)


def test_settings_in_a_list_belong_to_the_name_before_them() -> None:
    found = [str(one) for one in parse_list("naive:window_s=1,hop_s=0.5,random-forest,a:b=1")]
    assert found == ["naive:window_s=1,hop_s=0.5", "random-forest", "a:b=1"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("naive:windw_s=1", "no setting 'windw_s'. Did you mean window_s"),
        ("naive:window_s=abc", "window_s"),
        ("naive:window_s=-1", "greater than 0"),
        ("naive:somewhere", "takes settings as naive:key=value"),
        ("oracle:a=1", "oracle has no setting"),
    ],
)
def test_wrong_settings_say_what_is_wrong(text: str, match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        resolve(load(), "explainer", text)


def test_required_settings_are_named() -> None:
    with pytest.raises(ParameterError, match=r"folder needs path\. Type folder:path="):
        resolve(load(), "dataset", "folder")


def test_labels_leave_defaults_out() -> None:
    registry = load()
    assert resolve(registry, "explainer", "naive:window_s=0.5").label == "naive"
    assert resolve(registry, "explainer", "naive:window_s=1").label == "naive:window_s=1.0"
    plain = "window-shap:tree=false"
    assert resolve(registry, "explainer", plain).label == plain, "as it is typed"
    assert resolve(registry, "dataset", "folder:/somewhere").label == "folder:/somewhere"


def test_all_means_every_installed_plugin_without_duplicates() -> None:
    registry = load()
    found = [one.label for one in resolve_all(registry, "explainer", ["all", "naive"])]
    assert found == [
        name
        for name in registry.names("explainer")
        if name not in {"captum", "shapiq"} and not registry.get("explainer", name).spec.reference
    ]
    with pytest.raises(UnknownNameError, match="Did you mean naive"):
        resolve_all(registry, "explainer", ["naiv"])


def test_plugins_are_pickled_by_name() -> None:
    resolved = resolve(load(), "explainer", "naive:window_s=1")
    again = pickle.loads(pickle.dumps(resolved))  # noqa: S301
    assert again == resolved


@pytest.mark.parametrize(
    "settings",
    [
        {"samples": 0},
        {"clips": 0},
        {"seed": -1},
        {"sampels": 5},
        {"datasets": []},
        {"max_event_fraction": 2.0},
        {"design": "pold"},
        {"design": "single:fraction=2"},
        {"design": "single:fraction=a"},
        {"design": "single:frction=0.2"},
        {"design": "pooled:a=1"},
    ],
)
def test_wrong_configurations_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(AwbError):
        make_config(**settings)


def test_designs_by_name() -> None:
    import numpy as np

    design = make_design("single:fraction=0.2,run_length=5", 7)
    masks = design.draw(50, design.samples, np.random.default_rng(0))
    assert masks.shape == (7, 50)
    assert (masks.sum(axis=1) == 10).all()


class _Model:
    classes = ("Dog", "Vehicle horn, car horn, honking", "Bell, ding", "Church bell", "Bark, ding")
    mids = ("/m/dog", "/m/horn", "/m/bell", "/m/church", "/m/bark")


@pytest.mark.parametrize(
    ("label", "mid", "index"),
    [
        ("dog", None, 0),
        ("car_horn", None, 1),
        ("Honking", None, 1),
        ("/m/church", None, 3),
        ("anything", "/m/bell", 2),
        ("Dog", "/m/unknown", 0),
        ("ding", None, None),
        ("cat", None, None),
        ("bell", None, 2),
    ],
)
def test_labels_find_their_class(label: str, mid: str | None, index: int | None) -> None:
    assert ClassIndex(_Model()).find(label, mid) == index
