"""The ways in which scanners store a grey picture: the same picture must be read alike in each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import simplejpeg
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

Pixels = npt.NDArray[np.uint8]
Write = Callable[[Dataset, Pixels], None]

JPEG_QUALITY = 90
LOSSY = ("jpeg grey", "jpeg ybr_full_422")


def _attributes(image: Dataset, frames: npt.NDArray[np.generic], photometric: str, bits: int = 8) -> None:
    """Of the Image Pixel Module for frames [n, rows, columns] or [n, rows, columns, 3]."""
    image.Rows, image.Columns = frames.shape[1:3]
    if len(frames) > 1:
        image.NumberOfFrames = len(frames)
    image.SamplesPerPixel = frames.shape[3] if frames.ndim == 4 else 1
    image.PhotometricInterpretation = photometric
    if image.SamplesPerPixel > 1:
        image.PlanarConfiguration = 0
    image.BitsAllocated, image.BitsStored = frames.dtype.itemsize * 8, bits
    image.HighBit, image.PixelRepresentation = bits - 1, 0


def _native(image: Dataset, frames: npt.NDArray[np.generic], photometric: str, bits: int = 8) -> None:
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _attributes(image, frames, photometric, bits)
    data = frames.tobytes()
    image.PixelData = data + b"\0" * (len(data) % 2)
    image["PixelData"].VR = "OB" if frames.dtype == np.uint8 else "OW"


def _colour(frames: Pixels) -> Pixels:
    return np.repeat(frames[..., None], 3, axis=3)


def _ybr(frames: Pixels) -> Pixels:
    return np.stack([np.asarray(convert_color_space(one, "RGB", "YBR_FULL"), np.uint8) for one in _colour(frames)])


def grey(image: Dataset, frames: Pixels) -> None:
    _native(image, frames, "MONOCHROME2")


def rgb(image: Dataset, frames: Pixels) -> None:
    _native(image, _colour(frames), "RGB")


def _planar(image: Dataset, frames: Pixels) -> None:
    _native(image, _colour(frames), "RGB")
    image.PlanarConfiguration = 1
    data = np.ascontiguousarray(_colour(frames).transpose(0, 3, 1, 2)).tobytes()
    image.PixelData = data + b"\0" * (len(data) % 2)


def _ybr_full(image: Dataset, frames: Pixels) -> None:
    _native(image, _ybr(frames), "YBR_FULL")


def _ybr_full_422(image: Dataset, frames: Pixels) -> None:
    """Two luminances, then the chrominances of both (PS3.3 C.7.6.3.1.2); the columns are even."""
    colours = _ybr(frames)
    _native(image, colours, "YBR_FULL_422")
    pairs = [colours[:, :, 0::2, 0], colours[:, :, 1::2, 0], colours[:, :, 0::2, 1], colours[:, :, 0::2, 2]]
    image.PixelData = np.stack(pairs, axis=3).tobytes()


def _monochrome1(image: Dataset, frames: Pixels) -> None:
    _native(image, np.asarray(255 - frames, np.uint8), "MONOCHROME1")


def _sixteen_bits(image: Dataset, frames: Pixels) -> None:
    """All of the 16 bits, and no window."""
    _native(image, frames.astype(np.uint16) * 257, "MONOCHROME2", 16)


def _twelve_bits(image: Dataset, frames: Pixels) -> None:
    """Twelve bits of 16, and a window that shows the grey levels as they were (PS3.3 C.11.2.1.2.1)."""
    _native(image, frames.astype(np.uint16) * 4 + 300, "MONOCHROME2", 12)
    image.WindowCenter, image.WindowWidth = 300 + 510.5, 1021


def _palette(image: Dataset, frames: Pixels) -> None:
    """Each grey level under the index of its reverse, in a table of 16-bit words."""
    _native(image, np.asarray(255 - frames, np.uint8), "PALETTE COLOR")
    table = (np.arange(255, -1, -1, dtype=np.uint16) * 257).tobytes()
    for name in ("Red", "Green", "Blue"):
        setattr(image, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(image, f"{name}PaletteColorLookupTableData", table)


def _jpeg(image: Dataset, frames: Pixels, photometric: str, streams: list[bytes]) -> None:
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    _attributes(image, frames, photometric)
    image.LossyImageCompression, image.LossyImageCompressionMethod = "01", "ISO_10918_1"
    image.LossyImageCompressionRatio = round(frames.nbytes / sum(map(len, streams)), 2)
    image.PixelData = encapsulate(streams)
    image["PixelData"].VR = "OB"


def _jpeg_grey(image: Dataset, frames: Pixels) -> None:
    streams = [simplejpeg.encode_jpeg(one[..., None], JPEG_QUALITY, "GRAY") for one in frames]
    _jpeg(image, frames, "MONOCHROME2", streams)


def _jpeg_colour(image: Dataset, frames: Pixels) -> None:
    streams = [simplejpeg.encode_jpeg(one, JPEG_QUALITY, "RGB", "422") for one in _colour(frames)]
    _jpeg(image, _colour(frames), "YBR_FULL_422", streams)


def _in_syntax(write: Write, syntax: UID) -> Write:
    """As `write` does, in another byte order or deflated."""

    def written(image: Dataset, frames: Pixels) -> None:
        write(image, frames)
        image.file_meta.TransferSyntaxUID = syntax

    return written


def _compressed(write: Write, syntax: UID) -> Write:
    """As `write` does, then compressed without loss."""

    def written(image: Dataset, frames: Pixels) -> None:
        write(image, frames)
        image.compress(syntax, generate_instance_uid=False)

    return written


CODINGS: Mapping[str, Write] = MappingProxyType(
    {
        "grey": grey,
        "rgb": rgb,
        "rgb by planes": _planar,
        "ybr_full": _ybr_full,
        "ybr_full_422": _ybr_full_422,
        "palette": _palette,
        "monochrome1": _monochrome1,
        "16 bits": _sixteen_bits,
        "12 bits, window": _twelve_bits,
        "implicit": _in_syntax(grey, ImplicitVRLittleEndian),
        "big endian": _in_syntax(grey, ExplicitVRBigEndian),
        "deflated": _in_syntax(rgb, DeflatedExplicitVRLittleEndian),
        "rle grey": _compressed(grey, RLELossless),
        "rle rgb": _compressed(rgb, RLELossless),
        "rle palette": _compressed(_palette, RLELossless),
        "jpeg 2000 grey": _compressed(grey, JPEG2000Lossless),
        "jpeg 2000 rgb": _compressed(rgb, JPEG2000Lossless),
        "jpeg 2000 16 bits": _compressed(_sixteen_bits, JPEG2000Lossless),
        "jpeg-ls grey": _compressed(grey, JPEGLSLossless),
        "jpeg grey": _jpeg_grey,
        "jpeg ybr_full_422": _jpeg_colour,
    }
)
