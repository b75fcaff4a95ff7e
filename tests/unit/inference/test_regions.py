"""Millimetres per pixel: which region's calibration holds, and when it is refused."""

import pytest
from pydicom.dataset import Dataset

from services.inference.regions import Uncalibrated, read_calibration

INSIDE = [(20.0, 20.0), (40.0, 20.0), (40.0, 40.0)]


def region(bounds: tuple[int, int, int, int] = (0, 0, 99, 79), delta: float = 0.02, **changed: object) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = 1, 1
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = bounds
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = -delta, delta
    for keyword, value in changed.items():
        setattr(item, keyword, value)
    return item


def image(*regions: Dataset, **attributes: object) -> Dataset:
    made = Dataset()
    made.Rows, made.Columns, made.Modality = 80, 100, "US"
    if regions:
        made.SequenceOfUltrasoundRegions = list(regions)
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def spacing(made: Dataset, points: list[tuple[float, float]] = INSIDE, frame: int = 1) -> tuple[float, float]:
    return read_calibration(made).spacing_at(points, frame)


def test_a_region_gives_millimetres_whatever_the_sign_of_its_deltas() -> None:
    assert spacing(image(region())) == pytest.approx((0.2, 0.2))


def test_rows_and_columns_keep_their_own_spacing() -> None:
    assert spacing(image(region(PhysicalDeltaX=0.03))) == pytest.approx((0.2, 0.3))


def test_regions_go_before_a_pixel_spacing_beside_them() -> None:
    assert spacing(image(region(), PixelSpacing=[9, 9])) == pytest.approx((0.2, 0.2))


def test_of_overlapping_regions_the_smallest_around_all_points_holds() -> None:
    inner = region((10, 10, 60, 60), 0.05)
    assert spacing(image(region(), inner)) == pytest.approx((0.5, 0.5))
    assert spacing(image(region(), inner), [(5.0, 5.0), (40.0, 40.0)]) == pytest.approx((0.2, 0.2))


def test_points_of_a_fitted_outline_beyond_the_image_do_not_count() -> None:
    assert spacing(image(region()), [*INSIDE, (130.0, 20.0)]) == pytest.approx((0.2, 0.2))


def test_an_enhanced_object_is_calibrated_frame_by_frame() -> None:
    def groups(value: float) -> Dataset:
        measures, item = Dataset(), Dataset()
        measures.PixelSpacing = [value, value]
        item.PixelMeasuresSequence = [measures]
        return item

    enhanced = image(PerFrameFunctionalGroupsSequence=[groups(0.1), groups(0.4)])
    assert spacing(enhanced, frame=1) == (0.1, 0.1)
    assert spacing(enhanced, frame=2) == (0.4, 0.4)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (image(), "neither ultrasound regions nor a pixel spacing"),
        (image(region((0, 0, 30, 79)), region((31, 0, 99, 79))), "no single ultrasound region"),
        (image(region(), region(delta=0.05)), "disagree"),
        (image(region(RegionSpatialFormat=2)), "not a two-dimensional image"),
        (image(region(RegionDataType=10)), "not a two-dimensional image"),
        (image(region(PhysicalUnitsXDirection=4)), "not centimetres"),
        (image(region(PhysicalDeltaY=0.0)), "zero"),
        (image(ImagerPixelSpacing=[0.1, 0.1]), "detector"),
        (image(Modality="DX", PixelSpacing=[0.1, 0.1]), "detector"),
    ],
)
def test_lengths_are_refused_with_the_reason(made: Dataset, why: str) -> None:
    with pytest.raises(Uncalibrated, match=why):
        spacing(made)


def test_a_projection_is_measured_by_its_fiducial_or_its_magnification() -> None:
    fiducial = image(Modality="DX", PixelSpacing=[0.1, 0.1], PixelSpacingCalibrationType="FIDUCIAL")
    assert spacing(fiducial) == (0.1, 0.1)
    magnified = image(Modality="XA", ImagerPixelSpacing=[0.2, 0.2], EstimatedRadiographicMagnificationFactor="2")
    assert spacing(magnified) == (0.1, 0.1)


def test_a_region_that_lacks_attributes_is_left_out() -> None:
    broken = region()
    del broken.PhysicalDeltaX
    assert spacing(image(broken, PixelSpacing=[0.3, 0.3])) == (0.3, 0.3)
