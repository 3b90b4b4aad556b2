"""What is computed once per process."""

from __future__ import annotations

import numpy as np

from awb.harness.storage.memo import Memo


def test_the_same_values_are_computed_once_and_others_anew() -> None:
    memo: Memo[int] = Memo(10)
    calls: list[int] = []

    def count() -> int:
        calls.append(0)
        return len(calls)

    values = np.arange(3.0)
    assert memo.get(count, values.tobytes(), ("a", "b")) == 1
    assert memo.get(count, values.copy().tobytes(), ("a", "b")) == 1
    assert memo.get(count, values.tobytes(), ("a", "c")) == 2
    assert memo.get(count, values[:2].tobytes(), ("a", "b")) == 3
    assert memo.get(count, b"ab", b"c") != memo.get(count, b"a", b"bc"), "parts do not run together"


def test_the_oldest_result_is_forgotten() -> None:
    memo: Memo[str] = Memo(2)
    for name in "abc":
        memo.get(lambda name=name: name, name)
    assert memo.get(lambda: "anew", "a") == "anew"
    assert memo.get(lambda: "anew", "c") == "c"
