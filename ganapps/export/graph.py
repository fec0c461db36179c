"""Tracing a module to an ONNX graph that holds nothing of the machine it was made on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import DependencyError

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18


def trace(
    module: nn.Module,
    examples: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, str]],
) -> ModelProto:
    """The module as one ONNX graph with its weights inside.

    Args:
        module: takes the examples in their order.
        examples: input name to a tensor of the right type; sizes that may vary should be above 1.
        outputs: names of the outputs.
        dynamic: input name to {dimension: its name} for what may vary.

    Raises:
        DependencyError: the exporter's packages are not installed.
    """
    _require_exporter()
    # Dimensions of one name are one size, so they share one symbol.
    labels = {label for dims in dynamic.values() for label in dims.values()}
    symbols = {label: torch.export.Dim(label) for label in sorted(labels)}
    shapes = tuple({d: symbols[label] for d, label in dynamic.get(name, {}).items()} for name in examples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations are not the user's business
        program = torch.onnx.export(
            module.eval(),
            tuple(examples.values()),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=list(examples),
            output_names=list(outputs),
            dynamic_shapes=shapes,
            verbose=False,
        )
    assert program is not None  # None only where the exporter is told to write a file
    model: ModelProto = program.model_proto
    strip(model)
    return model


def strip(model: ModelProto) -> None:
    """Remove what the exporter notes about source files, stack traces and its own version."""
    graph = model.graph
    # Intermediate shapes are inferred again by every reader; their notes repeat names of Python objects.
    del graph.value_info[:]
    parts: list[Any] = [model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer]
    for function in model.functions:
        parts += [function, *function.node]
    for part in parts:
        part.doc_string = ""
        del part.metadata_props[:]
    model.producer_name, model.producer_version, model.domain = "ganapps", "", ""


def describe(model: ModelProto, metadata: Mapping[str, str]) -> None:
    """Write metadata that `InferenceSession.get_modelmeta()` gives back."""
    from onnx.helper import set_model_props

    set_model_props(model, dict(metadata))


def make_optional(model: ModelProto, name: str, default: Tensor) -> None:
    """Turn an input into an overridable initializer: it may be fed, and has a value where it is not.

    ONNX Runtime does not list such an input among `get_inputs()`. The declared shape must be symbolic in
    every dimension: with fixed sizes ONNX Runtime refuses others, without a shape the checker complains.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    graph.input.remove(next(value for value in graph.input if value.name == name))
    dims = [f"{name}_{dimension}" for dimension in range(default.ndim)]
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))
    graph.initializer.append(numpy_helper.from_array(default.numpy(), name))


def _require_exporter() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        package = f"the package {error.name}"
        raise DependencyError.for_extra("writing a model file", package, "train") from error
