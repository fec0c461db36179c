"""What a training leaves in its folder and says on the way: the page, TensorBoard's files, notes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ganapps.augment.generator.training
import ganapps.upscale.training
from ganapps.adversarial import Report, RunLog
from ganapps.cli import training
from ganapps.errors import TrainingDiverged, UsageError

Run = Callable[..., Any]
NOTE = "after 9 images, the generator has collapsed; training stopped; try R1"


def train(
    monkeypatch: pytest.MonkeyPatch, failure: BaseException | None = None, reports: int = 2
) -> Callable[[str], list[str]]:
    """Instead of a training, one that reports and then ends or fails."""

    def pretend(data: Path, out: Path, *, on_report: Callable[[Report], None], **_: Any) -> Path:
        for number in range(reports):
            out.mkdir(exist_ok=True)
            report = Report(
                images=9 * number,
                progress=number / 2,
                seconds=number,
                seconds_left=None,
                scalars={"loss": float(number)},
                notes=(NOTE,) if number else (),
            )
            RunLog(out / "log.jsonl")(report)
            on_report(report)
        if failure is not None:
            raise failure
        return out / "model.onnx"

    monkeypatch.setattr(ganapps.upscale.training, "train_upscaler", pretend)
    monkeypatch.setattr(ganapps.augment.generator.training, "train_generator", pretend)
    return lambda what: ["train", what, "data", "--images", "9", "--device", "cpu", "-o"]


@pytest.mark.parametrize("what", ["upscale", "augment"])
def test_the_page_is_there_at_the_end_and_notes_are_said(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    command = train(monkeypatch)(what)
    outcome = ganapps(*command, tmp_path / "run")
    assert (outcome.code, outcome.err) == (0, f"{NOTE}\ntrained on cpu\n")
    assert NOTE in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "run" / "tensorboard").exists()
    assert ganapps(*command, tmp_path / "quiet", "--quiet").err == ""


@pytest.mark.parametrize(
    ("failure", "code"), [(KeyboardInterrupt(), 130), (TrainingDiverged("it collapsed", "try R1"), 1)]
)
def test_the_page_is_there_after_an_interruption(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: BaseException, code: int
) -> None:
    assert ganapps(*train(monkeypatch, failure)("augment"), tmp_path / "run").code == code
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_run_that_is_not_ours_is_left_alone(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text('{"images": 1, "progress": 0, "seconds": 1}\n')
    command = train(monkeypatch, UsageError("it holds a run"), reports=0)("upscale")
    assert ganapps(*command, tmp_path).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_damaged_log_costs_the_page_and_nothing_else(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text("{half\n")
    monkeypatch.setattr(training, "_PAGE_EVERY_SEC", 0.0)
    outcome = ganapps(*train(monkeypatch)("upscale"), tmp_path)
    assert (outcome.code, outcome.out) == (0, f"{tmp_path / 'model.onnx'}\n")
    assert f"no report.html: line 1 of the training log {tmp_path / 'log.jsonl'} is damaged" in outcome.err
    assert not (tmp_path / "report.html").exists()


def test_the_page_is_kept_up_to_date_on_the_way(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(training, "_PAGE_EVERY_SEC", 0.0)
    monkeypatch.setattr(training, "_finish", lambda run, quiet: None)
    assert ganapps(*train(monkeypatch)("upscale"), tmp_path).code == 0
    assert (tmp_path / "report.html").is_file()


def test_tensorboard_files(ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert ganapps(*train(monkeypatch)("augment"), tmp_path, "--tensorboard").code == 0
    found = EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("loss")] == [(0, 0.0), (9, 1.0)]


def test_without_tensorboard_nothing_is_trained(
    ganapps: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    outcome = ganapps(*train(monkeypatch)("augment"), tmp_path / "run", "--tensorboard")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "writing for TensorBoard needs the package tensorboard: pip install tensorboard\n"
    assert not (tmp_path / "run").exists()
