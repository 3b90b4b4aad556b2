"""Fitted scikit-learn classifiers: read from skops files, scored in log-odds.

Conventions
-----------
Log-odds are ``log(p_c / sum of the other p)``, from ``predict_proba`` where the classifier has it.
The sum is taken over the other classes rather than as ``1 - p_c``, which keeps its digits where
``p_c`` is near 1; both sides are clipped at float64's precision, 2.2e-16, so a score lies within
36.04 either way. A classifier without probabilities gives its ``decision_function``, which is a
margin: its sign and order mean what those of a log-odds mean, its unit does not.

References
----------
Pedregosa, F., et al. (2011). Scikit-learn: Machine learning in Python. JMLR 12.
https://skops.readthedocs.io/en/stable/persistence.html
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import WeightsError, one_line
from awb.protocols import ScoreArray
from awb_plugins.models.extractors.vectors import VectorArray
from awb_plugins.models.torch_files import existing, file_sha256

PRECISION = float(np.finfo(np.float64).eps)

_MAY_BE_TRUSTED = ("sklearn.", "numpy.", "scipy.")


def log_odds(probabilities: VectorArray) -> VectorArray:
    """Turn probabilities of classes that exclude each other into log-odds.

    Examples
    --------
    >>> log_odds(np.array([[0.5, 0.5], [1.0, 0.0]])).round(2).tolist()
    [[0.0, 0.0], [36.04, -36.04]]
    """
    exact = np.asarray(probabilities, dtype=np.float64)
    others = exact @ (1.0 - np.eye(exact.shape[1]))
    odds: VectorArray = np.log(np.maximum(exact, PRECISION)) - np.log(np.maximum(others, PRECISION))
    return odds


class SkopsClassifier:
    """A fitted classifier.

    Attributes
    ----------
    classes : tuple of str
        Class names in the order of the scores.
    weights_sha256 : str
        Hash of the file.
    """

    def __init__(self, path: Path, name: str, names: Path | None = None, trust: str = "") -> None:
        self._name = name
        self._estimator: Any = _read(path, name, {one.strip() for one in trust.split(",")})
        self._path = path
        known = getattr(self._estimator, "classes_", None)
        able = any(hasattr(self._estimator, one) for one in ("predict_proba", "decision_function"))
        if known is None or np.ndim(known) != 1 or len(known) < 2 or not able:
            raise WeightsError(
                f"{name}: {path} holds a {type(self._estimator).__name__}, expected a classifier"
                " that was fitted on two classes at least"
            )
        self.classes: tuple[str, ...] = _named(known, names, name)
        self.weights_sha256 = file_sha256(path.expanduser())

    def check_features(self, n_features: int, features: str) -> None:
        """Refuse features that the classifier was not fitted on."""
        expected = getattr(self._estimator, "n_features_in_", n_features)
        if expected != n_features:
            raise WeightsError(
                f"{self._name}: {self._path} was fitted on {expected} features, {features} gives"
                f" {n_features}. Type {self._name}:path=...,features=... with those it was fitted"
                " on: mfcc (40), log-mel (128), ser (193), vggish (256)"
            )

    def scores(self, vectors: VectorArray) -> ScoreArray:
        """Score vectors."""
        if hasattr(self._estimator, "predict_proba"):
            return log_odds(self._estimator.predict_proba(vectors)).astype(np.float32)
        margins = np.asarray(self._estimator.decision_function(vectors))
        if margins.ndim == 1:  # of the second of two classes
            margins = np.stack([-margins, margins], axis=1)
        return margins.astype(np.float32)


def _read(path: Path, name: str, trusted: set[str]) -> Any:
    """Read a skops file, or say in one line why not."""
    import skops.io

    advice = "Write one with: skops.io.dump(classifier, FILE)"
    file = existing(path, name, advice)
    try:
        strange = skops.io.get_untrusted_types(file=file)
        _check_trust([one for one in strange if one not in trusted], name, path)
        _check_trust([one for one in strange if not one.startswith(_MAY_BE_TRUSTED)], name, path)
        return skops.io.load(file, trusted=strange)
    except zipfile.BadZipFile as error:
        raise WeightsError(
            f"{name}: {path} is not a skops file; pickles and joblib files are not read, since they"
            f" can run anything. {advice}"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, ImportError, OSError) as error:
        reason = one_line(error, 160)
        raise WeightsError(
            f"{name}: {path} is not a valid skops file: {reason}. {advice}"
        ) from error


def _check_trust(strange: Sequence[str], name: str, path: Path) -> None:
    """Refuse types that nobody trusts, and say which of them the user may."""
    if not strange:
        return
    able = all(one.startswith(_MAY_BE_TRUSTED) for one in strange)
    advice = (
        f"If you made the file yourself, add trust={','.join(strange)}"
        if able
        else "Only types of scikit-learn, NumPy and SciPy are loaded; refit without the others"
    )
    raise WeightsError(
        f"{name}: {path} holds types that skops does not trust: {', '.join(strange)}. {advice}"
    )


def _named(known: Sequence[Any], names: Path | None, name: str) -> tuple[str, ...]:
    """Return the names of the classes."""
    if names is None:
        return tuple(str(one) for one in known)
    text = existing(names, name, "Type names=FILE with a class name a line").read_text("utf-8")
    given = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(given) != len(known):
        raise WeightsError(
            f"{name}: {names} names {len(given)} classes, the classifier has {len(known)}:"
            f" {json.dumps([str(one) for one in known[:5]])}"
        )
    return given
