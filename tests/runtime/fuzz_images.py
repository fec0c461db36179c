"""Damaged files of every format, through reading and writing, in processes that may die.

    python tests/runtime/fuzz_images.py --minutes 10

Every case must end in an image or in a GanappsError of one sentence, in time, within memory and without a
word on standard error. What does not is kept in a folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

CASES_A_PROCESS = 500
CASE_SEC = 20.0
MAX_PIXELS = 2**22
GROWTH_MB = 600
INTERESTING = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
FORMATS = ("png", "jpeg", "webp", "avif", "tiff", "bmp")


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """`data` after one to four kinds of damage."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _damage(damaged, other, chance)
    if damaged[:8] == b"\x89PNG\r\n\x1a\n" and chance.random() < 0.7:
        mend_checksums(damaged)
    return bytes(damaged)


def _damage(damaged: bytearray, other: bytes, chance: random.Random) -> None:
    size = len(damaged)
    if size < 4:
        return
    # Headers are where decoders go wrong.
    at = chance.randrange(min(size, 400) if chance.random() < 0.6 else size)
    kind = chance.randrange(7)
    if kind == 0:
        del damaged[chance.randrange(size) :]
    elif kind == 1:
        for _ in range(chance.choice((1, 2, 8, 32))):
            damaged[chance.randrange(size)] = chance.randrange(256)
    elif kind == 2:
        damaged[at] ^= 1 << chance.randrange(8)
    elif kind in (3, 4):
        form = chance.choice("BH" if kind == 3 else "HI")
        value = chance.choice(INTERESTING) & (256 ** struct.calcsize(form) - 1)
        packed = struct.pack(chance.choice("<>") + form, value)
        damaged[at : at + len(packed)] = packed
    elif kind == 5:
        length = chance.randrange(1, 64)
        damaged[at : at + chance.choice((0, length))] = damaged[:length] if chance.random() < 0.5 else b""
    else:
        start = chance.randrange(len(other))
        length = chance.randrange(1, 200)
        damaged[at : at + length] = other[start : start + length]


def mend_checksums(damaged: bytearray) -> None:
    """Right checksums let the damage through to what reads the chunk."""
    at = 8
    while at + 12 <= len(damaged):
        (size,) = struct.unpack_from(">I", damaged, at)
        if at + 12 + size > len(damaged):
            return
        struct.pack_into(">I", damaged, at + 8 + size, zlib.crc32(damaged[at + 4 : at + 8 + size]))
        at += 12 + size


def memory_mb() -> float:
    """Most that this process has held."""
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_cases(seed: int, count: int, folder: Path) -> None:
    """Cases of one process; the file case-SEED.bin holds the one that is tried."""
    from ganapps.errors import GanappsError
    from ganapps.runtime.images import read_image

    chance = random.Random(seed)
    files = {path.name: path.read_bytes() for path in sorted((folder / "samples").iterdir())}
    names = sorted(files)
    for data in files.values():  # libraries loaded, caches filled
        with contextlib.suppress(GanappsError):
            read_image(data)
    current, tally, heard = folder / f"case-{seed}.bin", {"image": 0, "error": 0}, 0
    for number in range(count):
        name, format = chance.choice(names), chance.choice(FORMATS)
        data = mutated(files[name], files[chance.choice(names)], chance)
        current.write_bytes(data)
        before, wrong = memory_mb(), ""
        try:
            tally[try_case(data, format)] += 1
        except BaseException as error:
            wrong = f"{type(error).__name__}: {error}"
        if memory_mb() > before + GROWTH_MB:
            wrong = f"memory grew by {memory_mb() - before:.0f} MB"
        size = os.fstat(2).st_size
        if size > heard:
            wrong = wrong or "words on standard error"
            heard = size
        if wrong:
            kept = folder / f"finding-{seed}-{number}.bin"
            kept.write_bytes(data)
            print(f"{kept}: {name} to {format}: {wrong}", flush=True)
    print(tally["image"], tally["error"])


def try_case(data: bytes, format: str) -> str:
    """Read and, where that gives a picture, write; what came of it."""
    from ganapps.errors import GanappsError
    from ganapps.runtime.images import encode_image, losses, read_image

    try:
        image = read_image(data, max_pixels=MAX_PIXELS)
        height, width = image.pixels.shape[:2]
        if height * width < 2**16:
            encode_image(image, format)
            losses(image, format)
    except GanappsError as error:
        if "\n" in str(error) or len(str(error)) > 500:
            raise AssertionError(f"not one sentence: {error}") from error
        return "error"
    return "image"


def write_samples(folder: Path) -> None:
    """The files to damage, once for all processes."""
    sys.path.insert(0, str(Path(__file__).parent))
    from sample_images import samples

    folder.mkdir(parents=True, exist_ok=True)
    for name, data in samples().items():
        (folder / name).write_bytes(data)


def supervise(seed: int, folder: Path) -> tuple[int, int, list[str]]:
    """One process: how many images and errors, and what went wrong."""
    current = folder / f"case-{seed}.bin"
    command = [sys.executable, __file__, "--child", str(seed), "--folder", str(folder)]
    output, errors = folder / f"out-{seed}", folder / f"err-{seed}"
    wrong = []
    current.unlink(missing_ok=True)
    with output.open("wb") as out, errors.open("wb") as err:
        child = subprocess.Popen(command, stdout=out, stderr=err)
        started = time.time()
        while child.poll() is None:
            time.sleep(0.2)
            touched = current.stat().st_mtime if current.exists() else started + 60
            if time.time() - touched > CASE_SEC:
                child.kill()
                child.wait()
                wrong.append(f"{current}: timeout of {CASE_SEC:.0f} s")
    *found, last = output.read_text().splitlines() or [""]
    counts = re.fullmatch(r"(\d+) (\d+)", last)
    if counts is None and not wrong:
        wrong.append(f"{current}: ended with {child.returncode}: {errors.read_text(errors='replace')[-300:]}")
    if counts is not None:
        current.unlink(missing_ok=True)
    if not found:
        errors.unlink()
    output.unlink()
    return *(map(int, counts.groups()) if counts else (0, 0)), found + wrong


def main() -> int:
    """Run for a while, and report."""
    parser = argparse.ArgumentParser(description="Read and write damaged images of every format.")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child is not None:
        run_cases(args.child, CASES_A_PROCESS, args.folder)
        return 0
    write_samples(args.folder / "samples")
    until = time.monotonic() + 60 * args.minutes
    seed, images, refused, findings = args.seed, 0, 0, list[str]()
    while time.monotonic() < until:
        read, errors, wrong = supervise(seed, args.folder)
        images, refused = images + read, refused + errors
        findings += wrong
        print("\n".join(wrong), end="\n" if wrong else "", flush=True)
        seed += 1
    print(f"{images + refused} cases: {images} images, {refused} refused, {len(findings)} findings")
    shutil.rmtree(args.folder / "samples")
    with contextlib.suppress(OSError):  # findings are kept
        args.folder.rmdir()
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
