"""Shrink a photograph, enlarge it again by bicubic and by each shipped model, and show all beside the truth.

python examples/side_by_side.py PHOTO OUT.png [--crop LEFT TOP SIDE] [--zoom 2]

With --jpeg QUALITY the shrunk photograph is compressed as well, and enlarged by photo-x4 and restore-x4.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from ganapps import Image, Upscaler, read_image, write_image
from ganapps.metrics.bicubic import imresize
from ganapps.runtime.images import encode_image

MODELS = ("fidelity-x4", "photo-x4")
MODELS_FOR_JPEG = ("photo-x4", "restore-x4")
SCALE = 4


def panels(high: np.ndarray, quality: int | None) -> dict[str, np.ndarray]:
    """The same picture, uint8 `[H, W, 3]`, as each method gives it back from a quarter of its size."""
    low = imresize(high, 1 / SCALE)
    if quality is not None:
        low = read_image(encode_image(Image(low), "jpeg", quality=quality)).pixels
    models = MODELS if quality is None else MODELS_FOR_JPEG
    enlarged = {name: Upscaler(name)(low) for name in models}
    return {"bicubic": imresize(low, float(SCALE)), **enlarged, "truth": high}


def titled(panel: np.ndarray, title: str) -> np.ndarray:
    """The panel under a white band with its title."""
    band = np.full((26, panel.shape[1], 3), 255, np.uint8)
    cv2.putText(band, title, (4, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([band, panel])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photo")
    parser.add_argument("out")
    parser.add_argument("--crop", type=int, nargs=3, metavar=("LEFT", "TOP", "SIDE"), default=None)
    parser.add_argument("--zoom", type=int, default=1)
    parser.add_argument("--jpeg", type=int, metavar="QUALITY")
    args = parser.parse_args()
    high = read_image(args.photo).pixels
    high = high[: high.shape[0] // SCALE * SCALE, : high.shape[1] // SCALE * SCALE]
    left, top, side = args.crop or (0, 0, max(high.shape[:2]))
    strip = []
    for title, picture in panels(high, args.jpeg).items():
        crop = picture[top : top + side, left : left + side].repeat(args.zoom, 0).repeat(args.zoom, 1)
        strip += [titled(crop, title), np.full((crop.shape[0] + 26, 6, 3), 255, np.uint8)]
    write_image(args.out, Image(np.hstack(strip[:-1])))


if __name__ == "__main__":
    main()
