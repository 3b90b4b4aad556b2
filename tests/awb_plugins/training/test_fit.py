"""The training loop keeps what was best on validation; judgements agree with libraries."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, average_precision_score, precision_score, recall_score

from awb.errors import DataError, SplitError
from awb_plugins.training import fit as fitting
from awb_plugins.training.examples import Examples, class_list, targets
from awb_plugins.training.fit import Epoch, Fitted, fit, predict
from awb_plugins.training.judgement import Judgement, cross_entropy, judge
from small_training import Tones, examples, recipe

CLASSES = [(name, "") for name in Tones.classes]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Examples]:
    folder = tmp_path_factory.mktemp("tones")
    return examples(Tones(48), folder), examples(Tones(24, seed=1), folder)


def test_it_learns_from_which_and_not_when(parts: tuple[Examples, Examples]) -> None:
    fitted = fit(recipe(augment=("noise", "gain", "spec-augment")), *parts, CLASSES, seed=0)
    assert fitted.best.validation.score >= 0.9
    assert fitted.history[0].validation.loss > fitted.best.validation.loss


def test_it_learns_several_labels(tmp_path: Path) -> None:
    train = examples(Tones(48, several=True), tmp_path, "multi-label")
    validation = examples(Tones(24, seed=1, several=True), tmp_path, "multi-label")
    classes = class_list(train, recipe("multi-label"))
    fitted = fit(recipe("multi-label"), train, validation, classes, seed=0)
    assert fitted.best.validation.score > 0.9


@pytest.mark.parametrize(
    "scores", [[0.5, 0.9, 0.7, 0.8], [0.9, 0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4]]
)
def test_the_best_checkpoint_is_the_best_and_not_the_last(
    parts: tuple[Examples, Examples], scores: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[dict[str, torch.Tensor]] = []
    made = []

    def scripted(*arguments: object) -> Judgement:
        states.append(copy.deepcopy(made[0].back_end.state_dict()))
        return Judgement(1, 1.0, scores[len(states) - 1], ())

    plain = recipe(epochs=4, patience=9)

    def make(n_classes: int) -> object:
        made.append(plain.make(n_classes))
        return made[0]

    monkeypatch.setattr(fitting, "judge", scripted)
    fitted = fit(recipe(epochs=4, patience=9, make=make), *parts, CLASSES, seed=0)
    best = int(np.argmax(scores))
    assert fitted.best.number == best + 1
    assert len(fitted.history) == 4
    kept = fitted.network.back_end.state_dict()
    for name, tensor in kept.items():
        assert torch.equal(tensor, states[best][name])
    others = [state for epoch, state in enumerate(states) if epoch != best]
    assert all(any(not torch.equal(kept[name], one[name]) for name in kept) for one in others)


def test_the_kept_network_scores_what_its_epoch_did(parts: tuple[Examples, Examples]) -> None:
    fitted = fit(recipe(epochs=5), *parts, CLASSES, seed=3)
    truth = targets(parts[1], CLASSES, "validation")
    again = judge(predict(fitted.network, parts[1]), truth, Tones.classes, "multi-class")
    assert again == fitted.best.validation
    assert fitted.best.validation.key == max(one.validation.key for one in fitted.history)


def test_among_equal_scores_the_lower_loss_is_better() -> None:
    assert Judgement(1, 0.1, 0.9, ()).key > Judgement(1, 0.2, 0.9, ()).key
    assert Judgement(1, 0.2, 0.91, ()).key > Judgement(1, 0.1, 0.9, ()).key


def test_it_stops_when_nothing_gets_better(
    parts: tuple[Examples, Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "judge", lambda *arguments: Judgement(1, 1.0, 0.5, ()))
    seen: list[tuple[int, bool]] = []

    def watch(epoch: Epoch, is_best: bool) -> None:
        seen.append((epoch.number, is_best))

    fitted = fit(recipe(patience=3), *parts, CLASSES, seed=0, on_epoch=watch)
    assert seen == [(1, True), (2, False), (3, False), (4, False)]
    assert fitted.best.number == 1


def _weights(fitted: Fitted) -> np.ndarray:
    return np.concatenate(
        [t.numpy().ravel() for t in fitted.network.back_end.state_dict().values()]
    )


def test_a_seed_gives_the_same_weights_and_another_seed_others(
    parts: tuple[Examples, Examples],
) -> None:
    before = torch.get_rng_state()
    first, second, other = (
        _weights(fit(recipe(epochs=2), *parts, CLASSES, seed=seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_copies_are_made_of_the_training_part_alone(
    parts: tuple[Examples, Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: set[str] = set()
    original = fitting.augment.render

    def spy(some: Examples, chosen: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rendered.update(some.ids[int(index)] for index in chosen)
        return original(some, chosen, rng)

    monkeypatch.setattr(fitting.augment, "render", spy)
    fit(recipe(epochs=3, augment=("speed", "noise")), *parts, CLASSES, seed=0)
    assert {name.partition("@")[2] for name in rendered} == {
        "",
        "noise",
        "speed x1.23",
        "speed x0.81",
    }
    assert {name.partition("@")[0] for name in rendered} == set(parts[0].ids)


def test_a_leak_is_refused_before_anything_is_trained(parts: tuple[Examples, Examples]) -> None:
    with pytest.raises(SplitError, match="24 clips are in train and validation"):
        fit(recipe(), parts[0], parts[0].take(range(24)), CLASSES, seed=0)


def test_a_loss_that_explodes_is_told(parts: tuple[Examples, Examples]) -> None:
    with pytest.raises(DataError, match="not finite in epoch"):
        fit(recipe(learning_rate=1e38, epochs=6), *parts, CLASSES, seed=0)


def _random(seed: int, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((60, n_classes)) * 3
    truth = rng.integers(n_classes, size=60)
    others = np.stack(
        [
            np.log(np.exp(np.delete(logits, column, axis=1)).sum(axis=1))
            for column in range(n_classes)
        ],
        axis=1,
    )
    return logits, (logits - others).astype(np.float32), truth


def test_cross_entropies_are_those_of_torch() -> None:
    logits, scores, truth = _random(0)
    hot = np.eye(4, dtype=np.float32)[truth]
    expected = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(truth))
    assert cross_entropy(scores, hot, "multi-class") == pytest.approx(float(expected), rel=1e-5)
    own = fitting.loss_of(torch.tensor(scores), torch.tensor(hot), recipe())
    assert float(own) == pytest.approx(float(expected), rel=1e-5)
    several = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(logits), torch.tensor(hot.astype(float))
    )
    found = cross_entropy(logits.astype(np.float32), hot, "multi-label")
    assert found == pytest.approx(float(several), rel=1e-5)


def test_judgements_are_those_of_scikit_learn() -> None:
    _, scores, truth = _random(1)
    hot = np.eye(4, dtype=np.float32)[truth]
    names = ["a", "b", "c", "d"]
    judged = judge(scores, hot, names, "multi-class")
    guess = scores.argmax(axis=1)
    assert judged.score == pytest.approx(accuracy_score(truth, guess))
    recalls = recall_score(truth, guess, average=None)
    precisions = precision_score(truth, guess, average=None)
    for column, one in enumerate(judged.per_class):
        assert one.recall == pytest.approx(recalls[column])
        assert one.precision == pytest.approx(precisions[column])
        expected = average_precision_score(hot[:, column], scores[:, column])
        assert one.average_precision == pytest.approx(expected)
    several = judge(scores, hot, names, "multi-label")
    means = [average_precision_score(hot[:, c], scores[:, c]) for c in range(4)]
    assert several.score == pytest.approx(np.mean(means))


def test_a_class_that_nobody_has_is_left_out_of_the_mean() -> None:
    scores = np.array([[2.0, -1.0, 0.5], [-2.0, 1.0, 0.1]], dtype=np.float32)
    hot = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    judged = judge(scores, hot, ["a", "b", "c"], "multi-label")
    assert judged.score == 1.0
    assert np.isnan(judged.per_class[2].average_precision)
