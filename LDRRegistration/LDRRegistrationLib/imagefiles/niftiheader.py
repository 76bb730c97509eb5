"""The fields of a NIfTI header, of either version, and of Analyze 7.5, as the file has them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np


@dataclass
class NiftiFields:
    """The fields that count, of either version."""

    dim: tuple[int, ...]
    datatype: int
    bitpix: int
    pixdim: tuple[float, ...]
    voxOffset: float
    slope: float
    intercept: float
    units: int
    qformCode: int
    sformCode: int
    quaternion: tuple[float, ...]
    qOffset: tuple[float, ...]
    srows: np.ndarray
    order: str
    headerBytes: int
    kind: str


def readFields(start: bytes) -> NiftiFields | None:
    """The fields of a header at the ``start`` of a file's content, in either byte order; None if it is none."""
    for order in "<>":
        if len(start) >= 348 and struct.unpack_from(order + "i", start)[0] == 348:
            return _first(start, order)
        if len(start) >= 540 and struct.unpack_from(order + "i", start)[0] == 540:
            return _second(start, order)
    return None


def _first(start: bytes, order: str) -> NiftiFields | None:
    kinds = {b"n+1\0": "single", b"ni1\0": "pair"}
    kind = kinds.get(start[344:348], "analyze")

    def at(offset: int, code: str) -> tuple:
        return struct.unpack_from(order + code, start, offset)

    if kind == "analyze" and not 1 <= at(40, "h")[0] <= 7:
        return None
    return NiftiFields(
        dim=at(40, "8h"),
        datatype=at(70, "h")[0],
        bitpix=at(72, "h")[0],
        pixdim=at(76, "8f"),
        voxOffset=at(108, "f")[0],
        slope=1.0 if kind == "analyze" else at(112, "f")[0],
        intercept=0.0 if kind == "analyze" else at(116, "f")[0],
        units=start[123],
        qformCode=at(252, "h")[0],
        sformCode=at(254, "h")[0],
        quaternion=at(256, "3f"),
        qOffset=at(268, "3f"),
        srows=np.array(at(280, "12f")).reshape(3, 4),
        order=order,
        headerBytes=348,
        kind=kind,
    )


def _second(start: bytes, order: str) -> NiftiFields | None:
    kinds = {b"n+2\0\r\n\032\n": "single", b"ni2\0\r\n\032\n": "pair"}
    if start[4:12] not in kinds:
        return None

    def at(offset: int, code: str) -> tuple:
        return struct.unpack_from(order + code, start, offset)

    return NiftiFields(
        dim=at(16, "8q"),
        datatype=at(12, "h")[0],
        bitpix=at(14, "h")[0],
        pixdim=at(104, "8d"),
        voxOffset=at(168, "q")[0],
        slope=at(176, "d")[0],
        intercept=at(184, "d")[0],
        units=at(500, "i")[0],
        qformCode=at(344, "i")[0],
        sformCode=at(348, "i")[0],
        quaternion=at(352, "3d"),
        qOffset=at(376, "3d"),
        srows=np.array(at(400, "12d")).reshape(3, 4),
        order=order,
        headerBytes=540,
        kind=kinds[start[4:12]],
    )
