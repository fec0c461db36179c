"""Each command does its job: what it writes, prints and returns."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganapps.runtime import zoo

Run = Callable[..., Any]


def pixels_of(source: Path | io.BytesIO) -> np.ndarray[Any, Any]:
    with Image.open(source) as image:
        return np.asarray(image)


def doubled(path: Path) -> np.ndarray[Any, Any]:
    return pixels_of(path).repeat(2, axis=0).repeat(2, axis=1)


@pytest.fixture
def shipped(
    tmp_path: Path, doubling: Path, drawing: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Path]:
    """Let the two tiny models be the ones that come with ganapps."""
    folder = tmp_path / "weights"
    folder.mkdir()
    entries = []
    for model, task in ((doubling, "upscale"), (drawing, "sample")):
        shutil.copy(model, folder)
        entries.append(
            {
                "name": model.stem,
                "file": model.name,
                "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
                "task": task,
                "licence": "Apache-2.0",
                "description": f"the tiny {model.stem}",
            }
        )
    manifest = {"version": 1, "default": {"upscale": "doubling"}, "weights": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(zoo, "weights_folder", lambda: folder)
    return folder


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], io.BytesIO]:
    """Put bytes on standard input and catch what is written to standard output as bytes."""

    def put(data: bytes) -> io.BytesIO:
        written = io.BytesIO()
        output = io.TextIOWrapper(written, write_through=True)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        monkeypatch.setattr(sys, "stdout", output)
        return written

    return put


def test_one_image_is_enlarged_with_the_default_model(
    ganapps: Run, photo: Path, tmp_path: Path, shipped: Path
) -> None:
    outcome = ganapps("upscale", photo, "-o", tmp_path / "large.png")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("1 image enlarged to 0.00 megapixels in ")
    assert outcome.out.endswith(f": {tmp_path / 'large.png'}\n")
    assert np.array_equal(pixels_of(tmp_path / "large.png"), doubled(photo))


def test_any_size(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    height, width = pixels_of(photo).shape[:2]
    for options, size in (
        (["--scale", "1.5"], (round(1.5 * height), round(1.5 * width))),
        (["--width", "9", "--height", "5"], (5, 9)),
        (["--fit", "7x700"], (max(1, round(7 * height / width)), 7)),
    ):
        large = tmp_path / "large.png"
        outcome = ganapps("upscale", photo, "-o", large, "-m", doubling, "--overwrite", *options)
        assert (outcome.code, outcome.err) == (0, "")
        assert pixels_of(large).shape[:2] == size


def test_a_dry_run_prints_the_plan_and_does_nothing(
    ganapps: Run, photo: Path, tmp_path: Path, doubling: Path
) -> None:
    out = tmp_path / "large"
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy(photo, folder / name)
    out.mkdir()
    (out / "b.png").touch()
    outcome = ganapps("upscale", folder, "-o", out, "-m", doubling, "--dry-run", "--json")
    *files, summary = map(json.loads, outcome.out.splitlines())
    assert summary == {"summary": True, "enlarge": 1, "skip": 1}
    assert [(Path(f["target"]).name, f["would"]) for f in files] == [("a.png", "enlarge"), ("b.png", "skip")]
    assert outcome.code == 0 and not (out / "a.png").exists()
    outcome = ganapps("upscale", folder, "-o", out, "-m", doubling, "--dry-run", "--overwrite")
    assert outcome.out.count("enlarge") == 2 and str(folder / "a.png") in outcome.out
    assert (out / "b.png").read_bytes() == b""


def test_sizes_that_contradict_each_other(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    outcome = ganapps(
        "upscale", photo, "-o", tmp_path / "x.png", "-m", doubling, "--scale", "2", "--fit", "9x9"
    )
    sentence = "give the size by scale, by width or height or both, or by fit: one of these\n"
    assert (outcome.code, outcome.out, outcome.err) == (2, "", sentence)
    assert not (tmp_path / "x.png").exists()


def test_quiet_says_nothing(ganapps: Run, photo: Path, tmp_path: Path, doubling: Path) -> None:
    for arguments in (("--quiet", "upscale"), ("upscale", "--quiet")):
        outcome = ganapps(*arguments, photo, "-o", tmp_path / "large.png", "-m", doubling, "--overwrite")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_folder_is_mirrored_and_gone_on_with(
    ganapps: Run, photo: Path, tmp_path: Path, doubling: Path
) -> None:
    source = tmp_path / "in" / "deep er"
    source.mkdir(parents=True)
    shutil.copy(photo, source / "a.png")
    (source / "b.png").write_text("no image")
    command = ("upscale", tmp_path / "in", "-o", tmp_path / "out", "-m", doubling)
    first = ganapps(*command, "--json")
    *files, result = map(json.loads, first.out.splitlines())
    assert first.code == 1
    assert result["summary"] is True and [file["status"] for file in files] == ["done", "failed"]
    assert (result["done"], result["skipped"], result["failed"]) == (1, 0, 1)
    assert [Path(file["target"]).relative_to(tmp_path) for file in files] == [
        Path("out/deep er/a.png"),
        Path("out/deep er/b.png"),
    ]
    assert first.err.count("\n") == 1
    assert str(source / "b.png") in first.err
    second = ganapps(*command)
    assert second.code == 1
    assert second.out == (
        f"1 skipped, there already (--overwrite makes them again), 1 failed: {tmp_path / 'out'}\n"
    )


def test_a_stream_is_enlarged_in_its_own_format(
    ganapps: Run, photo: Path, doubling: Path, streams: Callable[[bytes], io.BytesIO]
) -> None:
    written = streams(photo.read_bytes())
    from ganapps.cli.main import main

    assert main(["upscale", "-", "-o", "-", "--model", str(doubling)]) == 0
    assert written.getvalue().startswith(b"\x89PNG")
    assert np.array_equal(pixels_of(io.BytesIO(written.getvalue())), doubled(photo))


def test_strongly_compressed_files_are_restored(
    ganapps: Run,
    photo: Path,
    tmp_path: Path,
    shipped: Path,
    streams: Callable[[bytes], io.BytesIO],
) -> None:
    """Here the model that cleans is the default itself, so that what is said is all that differs."""
    manifest = json.loads((shipped / "manifest.json").read_text())
    (shipped / "manifest.json").write_text(json.dumps(manifest | {"restoring": {"doubling": "doubling"}}))
    folder = tmp_path / "folder"
    folder.mkdir()
    for quality in (30, 70, 71):
        Image.open(photo).save(folder / f"{quality}.jpg", quality=quality)
    shutil.copy(photo, folder)
    end = "cleaned by doubling (--model doubling takes files as they are)\n"
    outcome = ganapps("upscale", folder, "-o", tmp_path / "large")
    assert (outcome.code, outcome.err) == (0, f"2 of 4 files: JPEG of quality 30 to 70, {end}")
    assert np.array_equal(pixels_of(tmp_path / "large" / "photo.png"), doubled(photo))
    assert ganapps("upscale", folder / "71.jpg", "-o", tmp_path / "71.png").err == ""
    one = ganapps("upscale", folder / "70.jpg", "-o", tmp_path / "70.png").err
    assert one == f"JPEG of quality 70, {end}"
    assert ganapps("upscale", folder, "-o", tmp_path / "quiet", "--quiet").err == ""
    assert ganapps("upscale", folder, "-o", tmp_path / "named", "--model", "doubling").err == ""
    streams((folder / "30.jpg").read_bytes())
    streamed = ganapps("upscale", "-", "-o", tmp_path / "stream.png").err
    assert streamed.endswith(f"JPEG of quality 30, {end}")


def test_a_stream_takes_a_format(photo: Path, doubling: Path, streams: Callable[[bytes], io.BytesIO]) -> None:
    written = streams(b"")
    from ganapps.cli.main import main

    assert main(["upscale", str(photo), "-o", "-", "--format", "webp", "--model", str(doubling)]) == 0
    assert written.getvalue()[8:12] == b"WEBP"


def test_a_stream_does_not_replace_a_file_unasked(
    ganapps: Run, photo: Path, tmp_path: Path, doubling: Path, streams: Callable[[bytes], io.BytesIO]
) -> None:
    target = tmp_path / "there.png"
    target.write_text("precious")
    outcome = ganapps("upscale", "-", "-o", target, "-m", doubling)
    assert (outcome.code, outcome.err) == (1, f"{target} is there already: add --overwrite to replace it\n")
    assert target.read_text() == "precious"
    streams(photo.read_bytes())
    from ganapps.cli.main import main

    assert main(["upscale", "-", "-o", str(target), "-m", str(doubling), "--overwrite"]) == 0
    assert np.array_equal(pixels_of(target), doubled(photo))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "the input is empty"), (b"hello", "the input is not an image")],
)
def test_a_stream_that_is_no_image_is_one_sentence(
    data: bytes,
    sentence: str,
    tmp_path: Path,
    doubling: Path,
    streams: Callable[[bytes], io.BytesIO],
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = streams(data)
    from ganapps.cli.main import main

    assert main(["upscale", "-", "-o", "-", "-m", str(doubling)]) == 1
    assert written.getvalue() == b""
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1


def test_a_set_is_expanded_with_a_given_generator(
    ganapps: Run, labelled: Path, tmp_path: Path, shipped: Path
) -> None:
    outcome = ganapps(
        "augment", labelled, "-o", tmp_path / "larger", "--model", "drawing", "--per-class", "7"
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert "circle" in outcome.out
    assert "line 2" in outcome.out
    larger = tmp_path / "larger"
    assert outcome.out.endswith(f": {larger / 'images'}\nlook at {larger / 'report.html'}\n")
    assert len(list((tmp_path / "larger" / "images" / "line 2").iterdir())) == 7


def test_an_expansion_can_be_read_by_a_program(
    ganapps: Run, labelled: Path, tmp_path: Path, drawing: Path
) -> None:
    outcome = ganapps("augment", labelled, "-o", tmp_path / "larger", "-m", drawing, "--json")
    result = json.loads(outcome.out)
    assert result["out"] == str(tmp_path / "larger")
    assert [entry["name"] for entry in result["classes"]] == ["circle", "line 2"]
    assert result["added"] == sum(entry["added"] for entry in result["classes"])


def test_models_are_listed(ganapps: Run, shipped: Path) -> None:
    for command in (("models",), ("models", "list")):
        outcome = ganapps(*command)
        assert outcome.code == 0
        lines = [line.split() for line in outcome.out.splitlines()]
        assert lines[0] == ["name", "task", "licence", "description"]
        assert ["doubling", "upscale", "Apache-2.0", "the", "tiny", "doubling"] in lines
        entries = json.loads(ganapps(*command, "--json").out)
        assert [entry["name"] for entry in entries] == ["doubling", "drawing"]
    before = json.loads(ganapps("models", "--json", "list").out)
    assert before == entries


def test_a_model_is_described_by_name_or_file(ganapps: Run, shipped: Path) -> None:
    (shipped / "drawing.md").write_text("# The card\n")
    outcome = ganapps("models", "describe", "drawing")
    assert outcome.code == 0
    assert "circle, line 2" in outcome.out
    assert outcome.out.endswith("\n# The card\n")
    described = json.loads(ganapps("models", "describe", shipped / "doubling.onnx", "--json").out)
    assert (described["task"], described["scale"], described["radius"]) == ("upscale", 2, 0)
    assert described["bytes"] == (shipped / "doubling.onnx").stat().st_size


def test_damaged_weights_are_found(ganapps: Run, shipped: Path) -> None:
    assert ganapps("models", "verify").code == 0
    (shipped / "drawing.onnx").write_bytes(b"damaged")
    outcome = ganapps("models", "verify")
    assert outcome.code == 1
    assert outcome.err == "damaged or missing: drawing; install ganapps again\n"
    assert [entry["ok"] for entry in json.loads(ganapps("models", "verify", "--json").out)] == [True, False]


def test_an_unknown_model_is_one_sentence(ganapps: Run, photo: Path, tmp_path: Path, shipped: Path) -> None:
    outcome = ganapps("upscale", photo, "-o", tmp_path / "large.png", "-m", "photo-x9")
    assert outcome.code == 1
    assert "'photo-x9'" in outcome.err
    assert "doubling" in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "large.png").exists()
