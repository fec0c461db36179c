"""What is written for TensorBoard, read back with TensorBoard's own reader."""

from __future__ import annotations

import math
import sys
from io import BytesIO

import pytest
import torch
from PIL import Image

from ganapps.adversarial import Report
from ganapps.adversarial.tensorboard import TensorBoard
from ganapps.errors import DependencyError, OutputError


def report(images, *notes, **scalars):
    return Report(
        images=images, progress=0.5, seconds=1.0, seconds_left=1.0, scalars=scalars, notes=tuple(notes)
    )


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0, "scalars": 0})
    found.Reload()
    return found


def test_scalars_come_back_at_the_step_of_images_seen(tmp_path):
    with TensorBoard(tmp_path / "board") as board:
        board(report(64, **{"generator/adversarial": 0.75, "images a second": 10.0}))
        board(report(128, **{"generator/adversarial": math.nan}))
        # Without closing: a training may be watched while it runs.
        found = read(tmp_path / "board")
    assert set(found.Tags()["scalars"]) == {"generator/adversarial", "images a second"}
    first, second = found.Scalars("generator/adversarial")
    assert (first.step, first.value, second.step) == (64, 0.75, 128)
    assert math.isnan(second.value)


def test_notes_come_back(tmp_path):
    with TensorBoard(tmp_path) as board:
        board(report(32, "the generator has collapsed; try R1"))
    (event,) = read(tmp_path).Tensors("notes/text_summary")
    assert event.step == 32
    assert event.tensor_proto.string_val[0] == b"the generator has collapsed; try R1"


def test_pictures_come_back(tmp_path):
    images = torch.stack([torch.full((3, 4, 5), level) for level in (-1.0, 1.0, 7.0)])
    with TensorBoard(tmp_path) as board:
        board.show("samples", images, 96)
    (event,) = read(tmp_path).Images("samples")
    assert event.step == 96
    with Image.open(BytesIO(event.encoded_image_string)) as sheet:
        levels = {level for _, level in sheet.convert("L").getcolors()}
    assert {0, 255} <= levels


def test_nothing_is_left_behind_before_the_first_report(tmp_path):
    TensorBoard(tmp_path / "board").close()
    assert not (tmp_path / "board").exists()


def test_without_the_package_it_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(DependencyError, match="pip install tensorboard$"):
        TensorBoard(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "board").write_text("a file")
    with pytest.raises(OutputError, match="cannot write to .*board for TensorBoard"):
        TensorBoard(tmp_path / "board")(report(1, loss=1.0))
