"""Colour spaces that files name by numbers, as ICC profiles, which every format can carry.

Only pixels' meaning is written down; the pixels stay as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]

_D65, _D50_XYZ = (0.3127, 0.3290), (0.9642, 1.0, 0.8249)
_SRGB: tuple[Point, ...] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# Red, green, blue and white by number. Source: ITU-T H.273, table 2.
_PRIMARIES: dict[int, tuple[Point, ...]] = {
    1: (*_SRGB, _D65),
    2: (*_SRGB, _D65),  # not said
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
# Exponent by number; 0 is the curve of sRGB, which viewers take for the video curves 1, 6, 14 and 15 too.
_GAMMAS = {1: 0.0, 2: 0.0, 4: 2.2, 5: 2.8, 6: 0.0, 8: 1.0, 13: 0.0, 14: 0.0, 15: 0.0}
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# Cone responses of XYZ. Source: ICC.1:2022, annex E.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def described(primaries: int, transfer: int, *, grey: bool) -> tuple[bytes | None, tuple[int, int] | None]:
    """A profile for a colour space of H.273, or the numbers themselves where it is of high dynamic range.

    Returns:
        Profile and None; or None and the numbers; or None twice for sRGB, and for numbers that mean nothing.
    """
    if transfer in _HDR_TRANSFERS and primaries in _PRIMARIES:
        return None, (primaries, transfer)
    if primaries not in _PRIMARIES or transfer not in _GAMMAS:
        return None, None
    *points, white = _PRIMARIES[primaries]
    return profile(points, white, _GAMMAS[transfer], grey=grey), None


def is_whole(icc: bytes) -> bool:
    """Whether a profile's header and table of tags hold together. Source: ICC.1:2022, 7.2 and 7.3."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        return False
    size, count = struct.unpack_from(">I", icc)[0], struct.unpack_from(">I", icc, 128)[0]
    if size > len(icc) or 132 + 12 * count > size:
        return False
    table = struct.iter_unpack(">4sII", icc[132 : 132 + 12 * count])
    return all(at + length <= size for _, at, length in table)


def hdr_remark(cicp: tuple[int, int]) -> str:
    """What to know of a picture of high dynamic range."""
    curve = _HDR_TRANSFERS[cicp[1]]
    return f"high dynamic range ({curve}) is enlarged as it is, and looks pale where it is not marked"


def from_png_chunks(gamma: float | None, chromaticity: Sequence[float] | None, *, grey: bool) -> bytes | None:
    """A profile for what gAMA and cHRM say; None where that is sRGB, or makes no sense.

    Args:
        gamma: of encoding, such as 0.45455; None is sRGB's.
        chromaticity: x and y of white, red, green and blue; None is sRGB's.
        grey: the picture has no colours.
    """
    exponent = 0.0
    # 1 / 2.2 is what writers put for sRGB.
    if gamma is not None and not 0.44 <= gamma <= 0.47:
        if not 0.1 <= gamma <= 10:
            return None
        exponent = 1 / gamma
    points, white = list(_SRGB), _D65
    if chromaticity is not None and len(chromaticity) == 8:
        white, *points = zip(chromaticity[::2], chromaticity[1::2], strict=True)
    return profile(points, white, exponent, grey=grey)


def profile(points: Sequence[Point], white: Point, exponent: float, *, grey: bool) -> bytes | None:
    """An ICC profile of three primaries, a white and a curve. Source: ICC.1:2022, sections 7 to 10.

    Args:
        points: x and y of red, green and blue.
        white: x and y.
        exponent: of the curve from pixels to light; 0 is sRGB's curve.
        grey: one channel; the primaries are of no account then.

    Returns:
        None for sRGB, which needs no profile, and for points that span no colours.
    """
    usual = grey or np.abs(np.array([*points, white]) - np.array([*_SRGB, _D65])).max() < 0.002
    if exponent == 0 and usual:
        return None
    curve = b"para" + bytes(4)
    if exponent:
        curve += struct.pack(">HHi", 0, 0, round(exponent * 65536))
    else:
        curve += struct.pack(">HH5i", 3, 0, *(round(value * 65536) for value in _SRGB_CURVE))
    tags = [
        (b"desc", _text("ganapps: colours as the file describes them")),
        (b"cprt", _text("no copyright")),
        (b"wtpt", _xyz(_D50_XYZ)),
    ]
    if grey:
        return _assembled(b"GRAY", [*tags, (b"kTRC", curve)])
    columns, adaptation = _colorants(points, white)
    if columns is None:
        return None
    tags += [(b"chad", b"sf32" + bytes(4) + _fixed(adaptation.ravel()))]
    tags += [
        (name + b"XYZ", _xyz(column)) for name, column in zip((b"r", b"g", b"b"), columns.T, strict=True)
    ]
    tags += [(name + b"TRC", curve) for name in (b"r", b"g", b"b")]
    return _assembled(b"RGB ", tags)


def _colorants(points: Sequence[Point], white: Point) -> tuple[np.ndarray | None, np.ndarray]:
    """XYZ of the primaries in columns, under the white D50, and the matrix from `white` to D50."""
    places = np.array([*points, white], np.float64)
    if not np.isfinite(places).all() or (places[:, 1] < 1e-3).any() or (np.abs(places) > 2).any():
        return None, np.eye(3)
    xyz = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in places]).T
    if abs(np.linalg.det(xyz[:, :3])) < 1e-3:
        return None, np.eye(3)
    columns = xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])
    cones, target = _BRADFORD @ xyz[:, 3], _BRADFORD @ np.array(_D50_XYZ)
    if (cones < 1e-3).any():
        return None, np.eye(3)
    adaptation = np.linalg.solve(_BRADFORD, np.diag(target / cones) @ _BRADFORD)
    adapted = adaptation @ columns
    return (adapted if np.abs(adapted).max() < 100 else None), adaptation


def _fixed(values: Sequence[float] | np.ndarray) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _xyz(values: Sequence[float] | np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _assembled(space: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Header, table and values, each on a multiple of 4."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags:
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", 132 + 12 * len(tags) + len(body), b"", 0x04300000, b"mntr", space, b"XYZ "
    )
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp")
    header = header.ljust(68, b"\0") + _fixed(_D50_XYZ)
    return header.ljust(128, b"\0") + table + body
