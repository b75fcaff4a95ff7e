"""Every way that scanners store frames becomes grey uint8."""

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg
from pydicom import dcmread, examples
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless

from services.inference.decode import Undecodable, decode_frames, read_header

RAMP = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))


def written(tmp_path: Path, pixels: np.ndarray, frames: int = 1, **attributes: Any) -> Path:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = attributes.pop("syntax", ExplicitVRLittleEndian)
    image.SOPClassUID, image.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.3"
    image.Rows, image.Columns = pixels.shape[1 if frames > 1 else 0], pixels.shape[2 if frames > 1 else 1]
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated = image.BitsStored = pixels.dtype.itemsize * 8
    if frames > 1:
        image.NumberOfFrames = frames
    image.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(image, keyword, value)
    image.HighBit = image.BitsStored - 1
    path = tmp_path / "image.dcm"
    image.save_as(path, enforce_file_format=True)
    return path


def test_eight_bit_grey_stays_as_stored(tmp_path: Path) -> None:
    assert np.array_equal(decode_frames(written(tmp_path, RAMP), 1, 1)[0], RAMP)


def test_all_frames_of_a_clip_come_in_order(tmp_path: Path) -> None:
    clip = np.stack([RAMP, RAMP // 2, RAMP // 4])
    path = written(tmp_path, clip, frames=3)
    assert read_header(path).frames == 3
    assert np.array_equal(decode_frames(path, 1, 3), clip)
    assert np.array_equal(decode_frames(path, 2, 3), clip[1:])


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    path = written(tmp_path, RAMP, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(decode_frames(path, 1, 1)[0], 255 - RAMP)


def test_sixteen_bits_use_the_window(tmp_path: Path) -> None:
    deep = RAMP.astype(np.uint16) * 16
    path = written(tmp_path, deep, BitsStored=12, WindowCenter="2032.5", WindowWidth="4033")
    assert np.abs(decode_frames(path, 1, 1)[0].astype(int) - np.rint(deep * 255.0 / 4032)).max() <= 1


def test_sixteen_bits_without_window_use_all_stored_bits(tmp_path: Path) -> None:
    deep = RAMP.astype(np.uint16) * 16
    path = written(tmp_path, deep, BitsStored=12)
    assert np.abs(decode_frames(path, 1, 1)[0].astype(int) - np.rint(deep * 255.0 / 4095)).max() <= 1


def test_rgb_becomes_its_luminance(tmp_path: Path) -> None:
    colour = np.stack([RAMP, RAMP // 2, 255 - RAMP], axis=-1)
    path = written(tmp_path, colour, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    assert np.array_equal(decode_frames(path, 1, 1)[0], cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))


def test_a_sixteen_bit_palette_gives_its_high_bytes(tmp_path: Path) -> None:
    table = (np.arange(256, dtype=np.uint16)[::-1] << 8).tobytes()
    more: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name in ("Red", "Green", "Blue"):
        more[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        more[f"{name}PaletteColorLookupTableData"] = table
    assert np.array_equal(decode_frames(written(tmp_path, RAMP, **more), 1, 1)[0], 255 - RAMP)


def test_jpeg_frames_give_their_luminance(tmp_path: Path) -> None:
    colour = np.stack([RAMP, RAMP // 2, 255 - RAMP], axis=-1)
    frames = [simplejpeg.encode_jpeg(np.ascontiguousarray(f), quality=95) for f in (colour, colour[::-1])]
    path = written(
        tmp_path,
        np.stack([RAMP, RAMP]),
        frames=2,
        syntax=JPEGBaseline8Bit,
        SamplesPerPixel=3,
        PhotometricInterpretation="YBR_FULL_422",
        PlanarConfiguration=0,
        PixelData=encapsulate(frames),
    )
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    found = decode_frames(path, 1, 2).astype(int)
    assert np.abs(found[0] - grey).max() <= 6
    assert np.abs(found[1] - grey[::-1]).max() <= 6


def test_rle_frames_are_read(tmp_path: Path) -> None:
    image = dcmread(written(tmp_path, RAMP))
    image.compress(RLELossless)
    path = tmp_path / "rle.dcm"
    image.save_as(path)
    assert np.array_equal(decode_frames(path, 1, 1)[0], RAMP)


def test_deflated_frames_are_read(tmp_path: Path) -> None:
    clip = np.stack([RAMP, RAMP // 2])
    path = written(tmp_path, clip, frames=2, syntax=DeflatedExplicitVRLittleEndian)
    assert np.array_equal(decode_frames(path, 2, 2), clip[1:])


def test_a_real_colour_cine_is_read_whole() -> None:
    path = Path(str(examples.get_path("ybr_color")))
    header = read_header(path)
    frames = decode_frames(path, 1, header.frames)
    assert frames.shape == (30, 240, 320)
    assert header.calibration.spacing_at([(100.0, 100.0)], 1) == pytest.approx((0.5105, 0.5105), abs=1e-4)


@pytest.mark.parametrize("kept", [0, 10, 200, 2000])
def test_a_truncated_file_is_refused_and_never_crashes(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path, RAMP)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(Undecodable):
        decode_frames(path, 1, 1)


def test_a_header_that_claims_absurd_sizes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Undecodable, match="rows"):
        decode_frames(written(tmp_path, RAMP, Rows=65535, Columns=65535), 1, 1)


def test_jpeg_frames_of_another_size_than_the_header_are_refused(tmp_path: Path) -> None:
    stream = simplejpeg.encode_jpeg(np.ascontiguousarray(RAMP[:24, :, None]), colorspace="GRAY")
    path = written(tmp_path, RAMP, syntax=JPEGBaseline8Bit, PixelData=encapsulate([stream]))
    with pytest.raises(Undecodable, match="24x64"):
        decode_frames(path, 1, 1)


def test_bytes_of_no_dicom_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.dcm"
    path.write_bytes(BytesIO(b"\x89PNG" * 100).getvalue())
    with pytest.raises(Undecodable):
        read_header(path)
