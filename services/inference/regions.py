"""The calibration of a frame: millimetres per pixel where an outline lies, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

Points = Sequence[tuple[float, float]]  # (column, row), 0.5 = centre of the first pixel

# PS3.3 C.8.5.5.1.1 Region Spatial Format, C.8.5.5.1.2 Region Data Type, C.8.5.5.1.15 Physical Units.
_SPATIAL_2D = 1
_TISSUE_OR_COLOUR_FLOW = frozenset({1, 2})
_CENTIMETRES = 3
_MM_PER_CM = 10.0
# PS3.3 10.7.1.3: on projections Pixel Spacing is in the patient only where it says how it was calibrated.
_PROJECTION = frozenset({"CR", "DX", "MG", "PX", "IO", "XA", "RF", "RG"})
_IN_PATIENT_CALIBRATIONS = frozenset({"GEOMETRY", "FIDUCIAL"})


class Uncalibrated(Exception):
    """The image gives no millimetres for these points."""


@dataclass(frozen=True, slots=True)
class Region:
    """One item of Sequence of Ultrasound Regions (0018,6011); bounds are inclusive pixel indices."""

    min_column: int
    min_row: int
    max_column: int
    max_row: int
    spatial_format: int
    data_type: int
    unit_columns: int
    unit_rows: int
    delta_columns: float
    delta_rows: float

    @property
    def area(self) -> int:
        return (self.max_column - self.min_column + 1) * (self.max_row - self.min_row + 1)

    def holds(self, points: Points) -> bool:
        """Whether every point lies on the region's pixels."""
        return all(
            self.min_column <= column <= self.max_column + 1 and self.min_row <= row <= self.max_row + 1
            for column, row in points
        )

    def spacing_mm(self) -> tuple[float, float]:
        """(between rows, between columns); raises Uncalibrated where the region has no lengths in both directions."""
        if self.spatial_format != _SPATIAL_2D or self.data_type not in _TISSUE_OR_COLOUR_FLOW:
            raise Uncalibrated("the outline lies in an ultrasound region that is not a two-dimensional image")
        if self.unit_columns != _CENTIMETRES or self.unit_rows != _CENTIMETRES:
            raise Uncalibrated("the ultrasound region's physical units are not centimetres in both directions")
        # The sign only tells the direction of the axis (PS3.3 C.8.5.5.1.17).
        rows, columns = abs(self.delta_rows) * _MM_PER_CM, abs(self.delta_columns) * _MM_PER_CM
        if not (rows > 0 and columns > 0):
            raise Uncalibrated("the ultrasound region's physical delta is zero")
        return rows, columns


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that one instance says of its lengths; picklable, so that it can leave the decoding process."""

    rows: int
    columns: int
    regions: tuple[Region, ...]
    frame_spacings_mm: tuple[tuple[float, float] | None, ...]  # Enhanced objects, per frame; else empty
    spacing_mm: tuple[float, float] | None  # (between rows, between columns)
    refusal: str

    def spacing_at(self, points: Points, frame: int) -> tuple[float, float]:
        """Millimetres between rows and between columns where the points of this frame (from 1) lie; raises Uncalibrated.

        Ultrasound regions come first even beside Pixel Spacing, which is then only true for one of them: all points in one
        region, of several the smallest, and regions of one size must agree.
        """
        inside = [(c, r) for c, r in points if 0 <= c <= self.columns and 0 <= r <= self.rows]
        if not inside:
            raise Uncalibrated("the outline lies outside the image")
        if self.regions:
            return self._region_spacing(inside)
        if self.frame_spacings_mm:
            spacing = self.frame_spacings_mm[min(frame, len(self.frame_spacings_mm)) - 1]
            if spacing is not None:
                return spacing
        if self.spacing_mm is not None:
            return self.spacing_mm
        raise Uncalibrated(self.refusal)

    def _region_spacing(self, inside: Points) -> tuple[float, float]:
        holding = [region for region in self.regions if region.holds(inside)]
        if not holding:
            raise Uncalibrated("the outline lies in no single ultrasound region")
        smallest = min(region.area for region in holding)
        spacings = {region.spacing_mm() for region in holding if region.area == smallest}
        if len(spacings) > 1:
            raise Uncalibrated("overlapping ultrasound regions disagree on the calibration")
        return spacings.pop()


def read_calibration(dataset: Dataset) -> Calibration:
    """What the instance's attributes say of its lengths; tolerant: an item that lacks attributes is left out."""
    regions = tuple(
        region for item in _items(dataset, "SequenceOfUltrasoundRegions") if (region := _region(item)) is not None
    )
    spacing, refusal = _plain_spacing(dataset)
    return Calibration(
        rows=int(dataset.get("Rows", 0)),
        columns=int(dataset.get("Columns", 0)),
        regions=regions,
        frame_spacings_mm=_frame_spacings(dataset),
        spacing_mm=spacing,
        refusal=refusal,
    )


def _region(item: Dataset) -> Region | None:
    try:
        return Region(
            min_column=int(item.RegionLocationMinX0),
            min_row=int(item.RegionLocationMinY0),
            max_column=int(item.RegionLocationMaxX1),
            max_row=int(item.RegionLocationMaxY1),
            spatial_format=int(item.RegionSpatialFormat),
            data_type=int(item.RegionDataType),
            unit_columns=int(item.PhysicalUnitsXDirection),
            unit_rows=int(item.PhysicalUnitsYDirection),
            delta_columns=float(item.PhysicalDeltaX),
            delta_rows=float(item.PhysicalDeltaY),
        )
    except (AttributeError, TypeError, ValueError):
        return None


def _frame_spacings(dataset: Dataset) -> tuple[tuple[float, float] | None, ...]:
    """Pixel Measures of Enhanced multi-frame objects (PS3.3 C.7.6.16.2.1), per frame, else shared."""
    shared = _items(dataset, "SharedFunctionalGroupsSequence")
    common = _pixel_measures(shared[0]) if shared else None
    frames = _items(dataset, "PerFrameFunctionalGroupsSequence")
    if not frames:
        return () if common is None else (common,)
    return tuple(_pixel_measures(item) or common for item in frames)


def _pixel_measures(groups: Dataset) -> tuple[float, float] | None:
    measures = _items(groups, "PixelMeasuresSequence")
    return _pair(measures[0].get("PixelSpacing")) if measures else None


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    return list(dataset.get(keyword) or ())


def _plain_spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    """Pixel Spacing (0028,0030) where it is in the patient; else Imager Pixel Spacing (0018,1164) by the magnification."""
    modality = str(dataset.get("Modality", ""))
    spacing = _pair(dataset.get("PixelSpacing"))
    if spacing is not None:
        if modality not in _PROJECTION:
            return spacing, ""
        if str(dataset.get("PixelSpacingCalibrationType", "")) in _IN_PATIENT_CALIBRATIONS:
            return spacing, ""
    imager = _pair(dataset.get("ImagerPixelSpacing"))
    magnification = dataset.get("EstimatedRadiographicMagnificationFactor")
    if modality in _PROJECTION and imager is not None and magnification:
        factor = float(magnification)
        if factor >= 1:
            return (imager[0] / factor, imager[1] / factor), ""
    if spacing is not None or imager is not None:
        return None, "the pixel spacing is that of the detector, not of the patient"
    return None, "the image carries neither ultrasound regions nor a pixel spacing"


def _pair(value: object) -> tuple[float, float] | None:
    try:
        rows, columns = (float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return (rows, columns) if rows > 0 and columns > 0 else None
