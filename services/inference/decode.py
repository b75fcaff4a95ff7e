"""Frames of a DICOM file as grey uint8 pictures. Runs in worker processes; nothing here touches the service's loop."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.encaps import get_frame
from pydicom.multival import MultiValue
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import iter_pixels

from services.inference.regions import Calibration, read_calibration
from services.inference.sector import Sector, find, spread

Grey = NDArray[np.uint8]

_JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_YBR = frozenset({"YBR_FULL", "YBR_FULL_422", "MONOCHROME2"})
# Frames larger than any scanner's: a header that claims more is damaged or hostile.
_MAX_FRAME_PIXELS = 64 * 1024 * 1024


class Undecodable(Exception):
    """The instance's pixels cannot be read; the message says why and names no patient."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an instance before its pixels are read."""

    frames: int
    rows: int
    columns: int
    calibration: Calibration


def read_header(path: Path) -> Header:
    """Frames, geometry and calibration of the file. Raises Undecodable."""
    dataset = _open(path)
    return Header(
        frames=_frame_count(dataset),
        rows=int(dataset.get("Rows") or 0),
        columns=int(dataset.get("Columns") or 0),
        calibration=read_calibration(dataset),
    )


def decode_frames(path: Path, first: int, last: int) -> Grey:
    """Frames `first` to `last` (from 1, inclusive) as uint8 [frames, rows, columns], 0 black. Raises Undecodable.

    Eight-bit grey levels stay as stored; others go through the modality LUT and the first window, else their full range.
    """
    dataset = _open(path)
    frames = _frame_count(dataset)
    if not 1 <= first <= last <= frames:
        raise Undecodable(f"frames {first} to {last} were asked of an instance with {frames}")
    return _decode(path, dataset, range(first - 1, last))


def find_sector(path: Path) -> Sector:
    """The sector of the clip, from frames that are spread over it. Raises Undecodable."""
    dataset = _open(path)
    return find(_decode(path, dataset, spread(_frame_count(dataset))))


def _decode(path: Path, dataset: FileDataset, indices: Sequence[int]) -> Grey:
    """The frames with these indices (from 0)."""
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if not 0 < rows * columns <= _MAX_FRAME_PIXELS:
        raise Undecodable(f"the header gives {rows} rows and {columns} columns")
    out = np.empty((len(indices), rows, columns), np.uint8)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    try:
        if syntax == _JPEG_BASELINE and str(dataset.PhotometricInterpretation) in _YBR:
            _decode_jpeg(path, _frame_count(dataset), indices, out)
        else:
            _decode_any(path, dataset, indices, out)
    except Undecodable:
        raise
    except Exception as error:  # decoders raise whatever they like on damaged bytes
        raise Undecodable(f"transfer syntax {syntax}: {type(error).__name__}: {error}") from error
    return out


def _open(path: Path) -> FileDataset:
    try:
        dataset = dcmread(path, stop_before_pixels=True, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            raise Undecodable("the file names no transfer syntax")
        return dataset
    except Undecodable:
        raise
    except Exception as error:
        raise Undecodable(f"the header cannot be read: {type(error).__name__}") from error


def _frame_count(dataset: FileDataset) -> int:
    return max(1, int(dataset.get("NumberOfFrames") or 1)) if dataset.get("Rows") else 0


def _decode_jpeg(path: Path, frames: int, indices: Sequence[int], out: Grey) -> None:
    """The luminance of baseline JPEG frames alone: no colour is converted that a grey picture would throw away."""
    pixel_data = dcmread(path, specific_tags=["PixelData"]).PixelData
    for at, index in enumerate(indices):
        stream = get_frame(pixel_data, index, number_of_frames=frames)
        picture = simplejpeg.decode_jpeg(stream, colorspace="GRAY")[:, :, 0]
        if picture.shape != out.shape[1:]:
            raise Undecodable(f"frame {index + 1} is {picture.shape[0]}x{picture.shape[1]}, not as the header says")
        out[at] = picture


def _decode_any(path: Path, dataset: FileDataset, indices: Sequence[int], out: Grey) -> None:
    photometric = str(dataset.PhotometricInterpretation)
    palette = _little_endian_palette(dataset) if photometric == "PALETTE COLOR" else dataset
    # pydicom iterates over a file's pixels where they lie, which in a deflated file they do not.
    source = dcmread(path) if str(dataset.file_meta.TransferSyntaxUID) == _DEFLATED else path
    for index, pixels in enumerate(iter_pixels(source, indices=indices)):
        if photometric == "PALETTE COLOR":
            colours = apply_color_lut(pixels, palette)
            # 16-bit palettes hold the level in the high byte, PS3.3 C.7.6.3.1.6.
            levels = colours >> 8 if colours.dtype == np.uint16 else colours
            out[index] = cv2.cvtColor(levels.astype(np.uint8), cv2.COLOR_RGB2GRAY)
        elif pixels.ndim == 3:
            out[index] = cv2.cvtColor(_eight_bits(pixels, dataset), cv2.COLOR_RGB2GRAY)
        else:
            out[index] = _grey_levels(pixels, dataset)
            if photometric == "MONOCHROME1":
                np.subtract(255, out[index], out=out[index])


def _little_endian_palette(dataset: FileDataset) -> FileDataset:
    """pydicom reads palettes of 16-bit words as little endian whatever the file's byte order is."""
    if dataset.original_encoding[1] is not False:
        return dataset
    swapped = copy.deepcopy(dataset)
    for colour in ("Red", "Green", "Blue"):
        element = swapped[f"{colour}PaletteColorLookupTableData"]
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, ">u2").astype("<u2").tobytes()
    return swapped


def _eight_bits(pixels: NDArray[np.generic], dataset: FileDataset) -> Grey:
    if pixels.dtype == np.uint8:
        return cast(Grey, pixels)
    return np.asarray(pixels.astype(np.uint32) >> max(0, int(dataset.BitsStored) - 8), np.uint8)


def _grey_levels(pixels: NDArray[np.generic], dataset: FileDataset) -> Grey:
    bits, signed = int(dataset.BitsStored), bool(int(dataset.PixelRepresentation))
    if bits == 8 and not signed:
        return np.asarray(pixels, np.uint8)
    values = np.asarray(apply_modality_lut(pixels, dataset), np.float32)
    low, high = _window(dataset) or _stored_range(dataset, bits, signed)
    scaled = np.clip(np.rint((values - low) * (255.0 / max(high - low, 1e-6))), 0, 255)
    return np.asarray(scaled, np.uint8)


def _window(dataset: FileDataset) -> tuple[float, float] | None:
    """The values that become black and white: the first window, linear, PS3.3 C.11.2.1.2.1."""
    centres, widths = (
        value if isinstance(value, MultiValue) else [value]
        for value in (dataset.get("WindowCenter"), dataset.get("WindowWidth"))
    )
    if not centres or not widths or centres[0] is None or widths[0] is None or float(widths[0]) < 1:
        return None
    middle, half = float(centres[0]) - 0.5, max(float(widths[0]) - 1, 1e-6) / 2
    return middle - half, middle + half


def _stored_range(dataset: FileDataset, bits: int, signed: bool) -> tuple[float, float]:
    """All that the stored bits can hold, through the rescale."""
    slope, intercept = float(dataset.get("RescaleSlope") or 1), float(dataset.get("RescaleIntercept") or 0)
    low = -(1 << (bits - 1)) if signed else 0
    return low * slope + intercept, (low + (1 << bits) - 1) * slope + intercept
