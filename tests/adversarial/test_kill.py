"""A run that is killed or runs out of disk leaves its last whole checkpoint."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys

import pytest
import torch

from ganapps.adversarial import load_checkpoint, save_checkpoint
from ganapps.errors import CheckpointError, OutputError

KILLS = 12

# One process forks the ones that are killed, so that PyTorch is imported once. What a child writes holds
# its step in every number: a mix of two checkpoints would be seen.
SCRIPT = """
import json, os, random, signal, sys, time
from pathlib import Path
import torch
from ganapps.adversarial import load_checkpoint, save_checkpoint

torch.set_num_threads(1)
folder, dice = Path(sys.argv[1]), random.Random(int(sys.argv[2]))

def save(path, step):
    save_checkpoint(path, {"step": step, "weights": torch.full((200_000,), float(step))})

for number in range(int(sys.argv[3])):
    path = folder / str(number) / "checkpoint.pt"
    save(path, 0)
    child = os.fork()
    if child == 0:
        try:
            for step in range(1, 1_000_000):
                save(path, step)
        finally:
            os._exit(1)
    time.sleep(dice.uniform(0.01, 0.2))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    state = load_checkpoint(path)
    whole = bool((state["weights"] == state["step"]).all())
    left = sorted(os.listdir(path.parent))
    save(path, -1)
    found = {"signal": os.WTERMSIG(status), "step": state["step"], "whole": whole, "left": left,
             "child": child, "goes on": load_checkpoint(path)["step"] == -1}
    print(json.dumps(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_leaves_the_last_whole_checkpoint(tmp_path):
    seed = random.randrange(10**6)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(seed), str(KILLS)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == KILLS
    for one in found:
        assert one["signal"] == 9, f"seed {seed}: the saving process ended by itself"
        assert one["whole"] and one["goes on"], f"seed {seed}: {one}"
        extra = [name for name in one["left"] if name != "checkpoint.pt"]
        assert len(extra) <= 1 and all(re.fullmatch(r"\.checkpoint\.pt\..*tmp", name) for name in extra), one
    assert sum(one["step"] > 0 for one in found) > 0, "no child came to save anything before its end"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    """The real error of a real full device, through torch's own writer."""
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})
    file = open("/dev/full", "wb")  # noqa: SIM115 - closed by save_checkpoint
    monkeypatch.setattr(type(path), "open", lambda self, mode: file)
    with pytest.raises(OutputError) as full:
        save_checkpoint(path, {"step": 2, "weights": torch.zeros(300_000)})
    monkeypatch.undo()
    assert re.fullmatch(rf"cannot write the checkpoint {re.escape(str(path))}: \S.*", str(full.value))
    assert load_checkpoint(path)["step"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_folder_that_is_a_file_is_said_in_one_sentence(tmp_path):
    (tmp_path / "run").write_text("no folder")
    with pytest.raises(OutputError) as refusal:
        save_checkpoint(tmp_path / "run" / "checkpoint.pt", {"step": 1})
    assert str(refusal.value).startswith(f"cannot write the checkpoint {tmp_path}/run/checkpoint.pt: ")


class TestOtherFiles:
    def test_a_missing_one(self, tmp_path):
        with pytest.raises(CheckpointError) as refusal:
            load_checkpoint(tmp_path / "checkpoint.pt")
        assert str(refusal.value) == f"there is no checkpoint at {tmp_path / 'checkpoint.pt'}"

    @pytest.mark.parametrize(
        ("content", "found"), [({"format": 2, "step": 1}, 2), ({"step": 1}, None), ([1, 2], None)]
    )
    def test_another_format(self, tmp_path, content, found):
        path = tmp_path / "checkpoint.pt"
        torch.save(content, path)
        with pytest.raises(CheckpointError) as refusal:
            load_checkpoint(path)
        assert str(refusal.value) == (
            f"the checkpoint {path} has format {found}, this version reads format 1"
        )

    def test_a_cut_at_any_place(self, tmp_path):
        """A copy that was broken off, at thirty places from the first byte to the last but one."""
        path = tmp_path / "checkpoint.pt"
        save_checkpoint(path, {"step": 1, "weights": torch.arange(1000.0), "more": {"a": torch.ones(3)}})
        whole = path.read_bytes()
        for part in range(30):
            path.write_bytes(whole[: 1 + part * (len(whole) - 2) // 29])
            with pytest.raises(CheckpointError, match=r"is damaged and cannot be read; start a new run$"):
                load_checkpoint(path)
