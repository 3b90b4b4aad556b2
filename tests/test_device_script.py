"""perf/device.py runs from end to end, on tiny networks and the CPU."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import device


def test_every_network_has_a_rate_or_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    device.main(["--device", "cpu", "--smoke"])
    lines = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[4:]]
    assert [line[0].strip() for line in lines] == list(device.NETWORKS) * 4
    assert {line[1].strip() for line in lines} == {*device.PRECISIONS, device.HOST}
    for network, how, rate, sent, _ in lines:
        if "compiled" in how:
            assert rate.strip() == "not in a smoke test"
            continue
        assert float(rate.replace(",", "")) > 0, (network, rate)
        whole = 4 * 10 * (32_000 if "Cnn14" in network else 16_000)
        assert int(sent.replace(",", "")) == (whole if "host" in how else 100)


def test_what_has_no_time_left_is_said() -> None:
    found = list(device.rows("cpu", 1, 10.0, 0.0, small=True))
    assert {row.reason for row in found} == {"no time left"}
