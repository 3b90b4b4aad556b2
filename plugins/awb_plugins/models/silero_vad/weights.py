"""Where the weights are, and how they are read: from the ONNX file of the package `silero-vad`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from awb.errors import MissingExtraError, WeightsError, one_line
from awb_plugins.models.silero_vad.network import HIDDEN, Detector, Spectra

FILE = "silero_vad_16k_sequence.onnx"
_CONVOLUTIONS = 4


def shipped() -> Path:
    """Return the file in the installed package, which is found but not imported.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    WeightsError
        If this version of the package has no such file.
    """
    found = importlib.util.find_spec("silero_vad")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError(
            "silero-vad is not installed: python -m pip install 'audio-where-benchmark[silero]'"
        )
    path = Path(found.submodule_search_locations[0]) / "data" / FILE
    if not path.is_file():
        raise WeightsError(
            f"silero-vad: the installed package has no {FILE}: python -m pip install"
            " 'silero-vad>=6.2.3'"
        )
    return path


def read_network(content: bytes) -> tuple[Spectra, Detector]:
    """Read both halves of the network.

    Parameters
    ----------
    content : bytes
        The ONNX file.

    Returns
    -------
    tuple of torch.nn.Module
        Front end and back end, in evaluation mode.

    Raises
    ------
    WeightsError
        If it is not an ONNX file, or holds another network.
    """
    front_end, back_end = Spectra(), Detector()
    try:
        basis, states = _arranged(content)
        front_end.load_state_dict({"basis": basis})
        back_end.load_state_dict(states)
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise WeightsError(f"silero-vad: the file is not {FILE}: {one_line(error)}") from error
    return front_end.eval(), back_end.eval()


def _arranged(content: bytes) -> tuple[Tensor, dict[str, Tensor]]:
    """Arrange the tensors of the file as torch names and orders them."""
    named, recurrent = _tensors(content)
    states = {"output.weight": named["output.weight"][:, :, 0], "output.bias": named["output.bias"]}
    for index in range(_CONVOLUTIONS):
        states[f"convolutions.{index}.bias"] = named[f"encoder.{index}.bias"]
        states[f"convolutions.{index}.weight"] = named[f"encoder.{index}.weight"]
    last = f"convolutions.{_CONVOLUTIONS - 1}.weight"
    states[last] = states[last][:, :, 1:2]
    given, remembered, biases = (_gates(tensor[0]) for tensor in recurrent)
    states["lstm.weight_ih_l0"], states["lstm.weight_hh_l0"] = given, remembered
    states["lstm.bias_ih_l0"], states["lstm.bias_hh_l0"] = biases.split(4 * HIDDEN)
    return named["stft.forward_basis_buffer"][:, 0].T.contiguous(), states


def _gates(rows: Tensor) -> Tensor:
    """Reorder gates: ONNX keeps input, output, forget, cell; torch input, forget, cell, output."""
    blocks = rows.reshape(-1, 4, HIDDEN, *rows.shape[1:])
    return blocks[:, [0, 2, 3, 1]].reshape(rows.shape)


def _tensors(content: bytes) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Read all tensors by name, and those of the LSTM by their place among its inputs."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        graph: Any = onnx.load_from_string(content).graph
    except DecodeError as error:
        raise ValueError("it is not an ONNX network") from error
    named = {
        one.name: torch.from_numpy(onnx.numpy_helper.to_array(one).copy())
        for one in graph.initializer
    }
    cell = next((node for node in graph.node if node.op_type == "LSTM"), None)
    if cell is None:
        raise ValueError("it has no LSTM")
    return named, [named[name] for name in cell.input[1:4]]
