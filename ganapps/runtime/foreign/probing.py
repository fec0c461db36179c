"""Finding out what a model from elsewhere takes and gives."""

from __future__ import annotations

from ...errors import ModelError
from ..engines.onnxruntime_engine import OnnxRuntimeEngine
from .extent import find_extent
from .interface import NotAnUpscaler, read_ports
from .reach import find_reach
from .traits import Traits
from .values import find_values


def probe(engine: OnnxRuntimeEngine, name: str) -> Traits:
    """All traits of a model, by some ten runs on small pictures.

    Args:
        engine: the model, opened on the CPU.
        name: of the file, for errors.

    Raises:
        ModelError: it is no model that enlarges one picture.
    """
    try:
        extent = find_extent(engine, *read_ports(engine))
        return find_reach(engine, find_values(engine, extent))
    except NotAnUpscaler as error:
        raise ModelError(
            f"{name} was not exported by ganapps and is no upscaler from elsewhere that can be used: {error}"
        ) from error


def note(traits: Traits, name: str) -> str:
    """A sentence on what cannot be promised."""
    if traits.reach is None:
        why = "further than a changed pixel could be followed"
    elif traits.reach > traits.radius:
        why = f"{traits.reach} px, which is more than its fixed size leaves for overlap"
    else:
        why = f"{traits.reach} px in a probe"
    grey = "" if traits.channels == 3 else "; it takes grey, so that each colour is enlarged by itself"
    return (
        f"{name} is not of ganapps: its pixels reach {why}, its tiles overlap by {traits.radius} px, and"
        f" another --tile may give slightly other values{grey}"
    )
