"""Classifiers of vectors: log-odds, what a file may hold, and features that must fit."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skops", reason="needs skops (extra sklearn)")
pytest.importorskip("librosa", reason="needs librosa (extra sklearn)")

import librosa
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from awb.errors import WeightsError
from awb_plugins.models.extractors import make_extractor
from awb_plugins.models.sklearn_classifier import SPEC, SklearnParameters
from awb_plugins.models.sklearn_classifier.classifier import SkopsClassifier, log_odds

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(90, 40))
THREE = np.array(["a", "b", "c"])[np.argmax(VECTORS[:, :3], axis=1)]
TWO = np.array(["no", "yes"])[(VECTORS[:, 0] > 0).astype(int)]


def dumped(path: Path, estimator: Any) -> Path:
    skops.io.dump(estimator, path)
    return path


def loaded(path: Path, **settings: Any) -> SkopsClassifier:
    return SkopsClassifier(path, "sklearn", **settings)


def test_log_odds_of_a_logistic_regression_are_its_logits(tmp_path: Path) -> None:
    fitted = LogisticRegression().fit(VECTORS, TWO)
    scores = loaded(dumped(tmp_path / "two.skops", fitted)).scores(VECTORS)
    np.testing.assert_allclose(scores[:, 1], fitted.decision_function(VECTORS), rtol=1e-5)
    np.testing.assert_allclose(scores[:, 0], -scores[:, 1], rtol=1e-5)
    fitted = LogisticRegression().fit(VECTORS, THREE)
    scores = loaded(dumped(tmp_path / "three.skops", fitted)).scores(VECTORS)
    logits = fitted.decision_function(VECTORS)
    for column in range(3):
        others = np.logaddexp.reduce(np.delete(logits, column, axis=1), axis=1)
        np.testing.assert_allclose(scores[:, column], logits[:, column] - others, rtol=1e-4)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(lambda row: sum(row) > 0.1))
def test_log_odds_are_finite_and_ordered(row: list[float]) -> None:
    probabilities = np.array([row]) / sum(row)
    found = log_odds(probabilities)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 36.05
    order = np.argsort(probabilities[0], kind="stable")
    assert (np.diff(found[0][order]) >= -1e-9).all()
    plain = (probabilities > 1e-6) & (probabilities < 1 - 1e-6)
    expected = np.log(probabilities[plain] / (1 - probabilities[plain]))
    np.testing.assert_allclose(found[plain], expected, rtol=1e-6, atol=1e-9)


def test_digits_are_kept_near_one() -> None:
    found = log_odds(np.array([[1 - 1e-14, 1e-14]]))
    np.testing.assert_allclose(found, [[np.log(1e14), -np.log(1e14)]], rtol=1e-12)


def test_margins_where_there_are_no_probabilities(tmp_path: Path) -> None:
    fitted = LinearSVC().fit(VECTORS, TWO)
    scores = loaded(dumped(tmp_path / "two.skops", fitted)).scores(VECTORS)
    margins = fitted.decision_function(VECTORS)
    np.testing.assert_allclose(scores, np.stack([-margins, margins], axis=1), rtol=1e-6)
    fitted = LinearSVC().fit(VECTORS, THREE)
    scores = loaded(dumped(tmp_path / "three.skops", fitted)).scores(VECTORS)
    np.testing.assert_allclose(scores, fitted.decision_function(VECTORS), rtol=1e-6)


def test_a_forest_is_never_infinitely_sure(tmp_path: Path) -> None:
    fitted = RandomForestClassifier(5, random_state=0).fit(VECTORS, THREE)
    file = dumped(tmp_path / "forest.skops", fitted)
    with pytest.raises(WeightsError, match=r"If you made .* trust=sklearn\.tree\._tree\.Tree"):
        loaded(file)
    scores = loaded(file, trust="sklearn.tree._tree.Tree").scores(VECTORS)
    assert (fitted.predict_proba(VECTORS) == 1).any()
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores.argmax(axis=1), fitted.predict_proba(VECTORS).argmax(1))


class Trap:
    """Unpickled, it would print."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("the trap was sprung",)


def test_pickles_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "model.skops"
    file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="pickles and joblib files are not read"):
        loaded(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", "[]")
    with pytest.raises(WeightsError, match="not a valid skops file"):
        loaded(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model.pkl", pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="not a valid skops file"):
        loaded(file)
    with pytest.raises(WeightsError, match=r"absent\.skops does not exist"):
        loaded(tmp_path / "absent.skops")
    assert not capsys.readouterr().out


def test_types_that_are_not_trusted_are_named(tmp_path: Path) -> None:
    steps = make_pipeline(FunctionTransformer(zipfile.is_zipfile), LogisticRegression())
    file = dumped(tmp_path / "model.skops", steps)
    for trust in ("", "zipfile.is_zipfile"):
        with pytest.raises(WeightsError, match=r"does not trust: zipfile\.is_zipfile\. Only"):
            loaded(file, trust=trust)


@pytest.mark.parametrize(
    "estimator", [LinearRegression().fit(VECTORS, VECTORS[:, 0]), LogisticRegression()]
)
def test_only_fitted_classifiers(tmp_path: Path, estimator: Any) -> None:
    with pytest.raises(WeightsError, match=f"holds a {type(estimator).__name__}, expected"):
        loaded(dumped(tmp_path / "model.skops", estimator))


def test_names_of_numbered_classes(tmp_path: Path) -> None:
    fitted = LogisticRegression().fit(VECTORS, (TWO == "yes").astype(int))
    file = dumped(tmp_path / "model.skops", fitted)
    assert loaded(file).classes == ("0", "1")
    names = tmp_path / "names.txt"
    names.write_text("no\nyes\n", encoding="utf-8")
    assert loaded(file, names=names).classes == ("no", "yes")
    names.write_text("no\n", encoding="utf-8")
    with pytest.raises(WeightsError, match="names 1 classes, the classifier has 2"):
        loaded(file, names=names)


def test_a_model_of_mfcc(tmp_path: Path) -> None:
    fitted = LogisticRegression(C=1e-4).fit(VECTORS, TWO)
    file = dumped(tmp_path / "model.skops", fitted)
    model = SPEC.factory(SklearnParameters(path=file))
    clips = RNG.uniform(-0.5, 0.5, (2, 11_025)).astype(np.float32)
    mfcc = [librosa.feature.mfcc(y=clip, sr=22_050) for clip in clips]
    vectors = np.array([np.concatenate([one.mean(axis=1), one.std(axis=1)]) for one in mfcc])
    np.testing.assert_allclose(make_extractor("mfcc").vectors(clips), vectors, rtol=1e-4, atol=1e-4)
    assert model.sample_rate_hz == 22_050
    np.testing.assert_allclose(
        model.scores(clips)[:, 1], fitted.decision_function(vectors), rtol=1e-3, atol=1e-3
    )
    alone = np.concatenate([model.scores(clip[np.newaxis]) for clip in clips])
    np.testing.assert_array_equal(alone, model.scores(clips))
    with pytest.raises(WeightsError, match="fitted on 40 features, log-mel gives 128"):
        SPEC.factory(SklearnParameters(path=file, features="log-mel"))
