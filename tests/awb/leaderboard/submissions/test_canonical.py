"""The canonical form of a submission."""

from __future__ import annotations

import json

import pytest

from awb.leaderboard.submissions.canonical_json import canonical

PLAIN = {
    "scores": {"roc-auc": [0.5, None], "ad": [1.0, 2e-9]},
    "name": "é \u2028 x",
    "instances": [{"b": 1, "a": [True, {}]}, {"b": 2}],
    "empty": {},
    "none": [],
    "numbers": [3, 1, 2],
}
TEXT = """{
"empty":{},
"instances":[
 {"a":[true,{}],"b":1},
 {"b":2}
],
"name":"é \u2028 x",
"none":[],
"numbers":[3,1,2],
"scores":{
 "ad":[1.0,2e-09],
 "roc-auc":[0.5,null]
}
}
"""


def test_keys_are_sorted_and_each_entry_has_its_own_line() -> None:
    assert canonical(PLAIN).decode() == TEXT
    assert canonical(dict(reversed(PLAIN.items()))).decode() == TEXT
    assert json.loads(canonical(PLAIN)) == PLAIN


def test_nan_is_refused_and_lone_surrogates_are_kept() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"value": float("nan")})
    assert b"\xed\xa0\xbd" in canonical({"value": "\ud83d"})
