"""What the training commands ask of the functions they call, and what they say where PyTorch is missing."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ganapps.augment.generator.training
import ganapps.upscale.model_file
import ganapps.upscale.training
from ganapps.cli.main import build_parser
from ganapps.export.card import Said
from ganapps.upscale.model_file import Blend
from ganapps.upscale.recipes import RECIPES

Run = Callable[..., Any]
Calls = list[dict[str, Any]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Instead of training and exporting, note what was asked for; it must fit the real signature."""
    made: Calls = []
    for module, name in (
        (ganapps.upscale.training, "train_upscaler"),
        (ganapps.augment.generator.training, "train_generator"),
        (ganapps.upscale.model_file, "write_model"),
        (ganapps.augment.generator.model_file, "write_model"),
    ):
        monkeypatch.setattr(module, name, _recorder(made, getattr(module, name)))
    return made


def _recorder(made: Calls, function: Callable[..., Path]) -> Callable[..., Path]:
    signature = inspect.signature(function)

    def record(*args: Any, **kwargs: Any) -> Path:
        made.append({"function": function.__name__, **signature.bind(*args, **kwargs).arguments})
        return Path("model.onnx")

    return record


def run_line(ganapps: Run, line: str) -> Any:
    return ganapps(*line.split())


def test_train_upscale(ganapps: Run, calls: Calls) -> None:
    outcome = run_line(
        ganapps,
        "train upscale photos -o run --recipe fidelity-x4 --minutes 1.5 --images 9 --init a/checkpoint.pt"
        " --seed 3 --threads 2 --device cpu",
    )
    assert (outcome.code, outcome.out, outcome.err) == (0, "model.onnx\n", "trained on cpu\n")
    (call,) = calls
    assert call.pop("on_report") is not None
    assert call.pop("on_loading") is not None
    assert call == {
        "function": "train_upscaler",
        "photos": Path("photos"),
        "out": Path("run"),
        "recipe": "fidelity-x4",
        "minutes": 1.5,
        "images": 9,
        "init": "a/checkpoint.pt",
        "resume": False,
        "seed": 3,
        "threads": 2,
        "device": "cpu",
    }


def test_train_augment(ganapps: Run, calls: Calls) -> None:
    outcome = run_line(ganapps, "train augment data -o run --images 9 --resume --device cpu --json")
    assert json.loads(outcome.out) == {"model": "model.onnx", "run": "run", "device": "cpu"}
    (call,) = calls
    assert (call["function"], call["data"], call["out"]) == ("train_generator", Path("data"), Path("run"))
    assert (call["minutes"], call["images"], call["resume"], call["seed"]) == (None, 9, True, 0)
    assert call["discriminator"] is None
    run_line(ganapps, "train augment data -o run --images 9 --discriminator projected --device cpu")
    assert calls[-1]["discriminator"] == "projected"


def make_run(folder: Path, options: str) -> Path:
    folder.mkdir()
    (folder / "options.json").write_text(options)
    return folder


def test_export(ganapps: Run, calls: Calls, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", '{"task": "upscale"}')
    line = ["export", run, "-o", "m.onnx", "--licence", "CC0-1.0", "--blend", "photo-x4"]
    outcome = ganapps(*line)
    assert (outcome.code, outcome.out, outcome.err) == (0, "model.onnx\n", "")
    (call,) = calls
    assert (call["run"], call["out"], call["said"]) == (run, Path("m.onnx"), Said(licence="CC0-1.0"))
    assert call["blend"] == Blend(source="photo-x4", share=0.5)
    ganapps(*line, "--blend-share", "0.2")
    assert calls[1]["blend"] == Blend(source="photo-x4", share=0.2)


def test_export_of_a_generator(ganapps: Run, calls: Calls, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", '{"task": "sample"}')
    assert ganapps("export", run, "-o", "m.onnx", "--name", "mine").code == 0
    (call,) = calls
    assert (call["run"], call["said"], "blend" in call) == (run, Said(name="mine"), False)
    outcome = ganapps("export", run, "-o", "m.onnx", "--blend", "photo-x4")
    wanted = f"{run} is the run of a generator of images: only upscalers can be blended\n"
    assert (outcome.code, outcome.err, len(calls)) == (2, wanted, 1)


def test_export_of_something_else(ganapps: Run, calls: Calls, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", '{"task": "paint"}')
    outcome = ganapps("export", run, "-o", "m.onnx")
    wanted = f"{run / 'options.json'} is of task 'paint'; upscale and sample can be exported\n"
    assert (outcome.code, outcome.err, calls) == (1, wanted, [])


def test_every_recipe_is_in_the_help(ganapps: Run) -> None:
    # Lines are broken at hyphens, too.
    text = "".join(ganapps("train", "upscale", "--help").out.split())
    for recipe in RECIPES:
        assert recipe.name in text
    default = build_parser().parse_args(["train", "upscale", "p", "-o", "r"]).recipe
    assert default in {recipe.name for recipe in RECIPES}


def test_a_device_that_is_not_here_is_one_sentence(ganapps: Run, calls: Calls) -> None:
    outcome = run_line(ganapps, "train upscale photos -o run --minutes 1 --device frob")
    assert outcome.code == 2
    assert outcome.err.startswith("--device frob cannot be used here (")
    assert outcome.err.count("\n") == 1
    assert calls == []


def test_a_training_without_a_budget_says_so(ganapps: Run, tmp_path: Path) -> None:
    outcome = ganapps("train", "upscale", tmp_path, "-o", tmp_path / "run", "--device", "cpu")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "training needs a budget: give minutes or images, for example --minutes 30\n"


BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
from ganapps.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("arguments", "job", "extra"),
    [
        ("train upscale {data} -o {out} --minutes 1", "ganapps train upscale", "train"),
        ("train augment {data} -o {out} --minutes 1", "ganapps train augment", "train"),
        ("augment {data} -o {out}", "ganapps augment", "train"),
    ],
)
def test_without_pytorch_the_extra_is_named(
    arguments: str, job: str, extra: str, labelled: Path, tmp_path: Path
) -> None:
    filled = [part.format(data=labelled, out=tmp_path / "out") for part in arguments.split()]
    outcome = subprocess.run(
        [sys.executable, "-c", BLOCKED, *filled], capture_output=True, text=True, timeout=60
    )
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr == f"{job} needs PyTorch: pip install 'ganapps[{extra}]'\n"
    assert not (tmp_path / "out").exists()


def test_upscaling_and_sampling_import_no_pytorch(
    photo: Path, labelled: Path, doubling: Path, drawing: Path, tmp_path: Path
) -> None:
    for command in (
        ["upscale", str(photo), "-o", str(tmp_path / "large.png"), "-m", str(doubling)],
        ["augment", str(labelled), "-o", str(tmp_path / "larger"), "-m", str(drawing)],
    ):
        outcome = subprocess.run(
            [sys.executable, "-c", BLOCKED, *command], capture_output=True, text=True, timeout=60
        )
        assert (outcome.returncode, outcome.stderr) == (0, "")


def test_a_share_wants_a_blend(ganapps: Run, calls: Calls) -> None:
    outcome = run_line(ganapps, "export run -o a.onnx --blend-share 0.2")
    assert (outcome.code, outcome.err) == (2, "--blend-share is the share of --blend: give both of them\n")
