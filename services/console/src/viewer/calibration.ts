import { type DataSet, items, number, numbers, text } from './dicomJson'

/** Image coordinates as SCOORD has them: 0.5 is the centre of the first column or row. */
export interface ImagePoint {
  column: number
  row: number
}

/** One item of Sequence of Ultrasound Regions (0018,6011); bounds are inclusive pixel indices. */
export interface Region {
  minColumn: number
  minRow: number
  maxColumn: number
  maxRow: number
  spatialFormat: number
  dataType: number
  unitColumns: number
  unitRows: number
  deltaColumns: number
  deltaRows: number
}

/** Millimetres between neighbouring columns and rows. */
export interface Spacing {
  columnMm: number
  rowMm: number
}

export interface Calibration {
  rows: number
  columns: number
  regions: Region[]
  frameSpacings: (Spacing | null)[]
  spacing: Spacing | null
  detectorOnly: boolean
}

/** Why points have no millimetres. */
export type Refusal = 'outside' | 'noRegion' | 'notImage' | 'notLength' | 'disagree' | 'detector' | 'none'
export type Resolved = { spacing: Spacing } | { refusal: Refusal }

// PS3.3 C.8.5.5.1.1 (Region Spatial Format), C.8.5.5.1.2 (Region Data Type), C.8.5.5.1.15 (Physical Units).
const TWO_DIMENSIONAL = 1
const TISSUE_OR_COLOUR_FLOW = [1, 2]
const CENTIMETRES = 3
const MM_PER_CM = 10
// PS3.3 10.7.1.3: on projections Pixel Spacing holds in the patient only where it says how it was calibrated.
const PROJECTION = ['CR', 'DX', 'MG', 'PX', 'IO', 'XA', 'RF', 'RG']
const IN_PATIENT = ['GEOMETRY', 'FIDUCIAL']

const area = (region: Region) => (region.maxColumn - region.minColumn + 1) * (region.maxRow - region.minRow + 1)

function holds(region: Region, point: ImagePoint): boolean {
  const inColumns = point.column >= region.minColumn && point.column <= region.maxColumn + 1
  return inColumns && point.row >= region.minRow && point.row <= region.maxRow + 1
}

function regionSpacing(region: Region): Resolved {
  const image = region.spatialFormat === TWO_DIMENSIONAL && TISSUE_OR_COLOUR_FLOW.includes(region.dataType)
  if (!image) return { refusal: 'notImage' }
  if (region.unitColumns !== CENTIMETRES || region.unitRows !== CENTIMETRES) return { refusal: 'notLength' }
  // The sign only tells the axis' direction (PS3.3 C.8.5.5.1.17).
  const spacing = { columnMm: Math.abs(region.deltaColumns) * MM_PER_CM, rowMm: Math.abs(region.deltaRows) * MM_PER_CM }
  return spacing.columnMm > 0 && spacing.rowMm > 0 ? { spacing } : { refusal: 'notLength' }
}

/**
 * Millimetres where all `points` of `frame` (from 1) lie. Ultrasound regions decide even beside Pixel Spacing: all points in
 * one region, of several the smallest, and regions of one size must agree; otherwise a refusal.
 */
export function resolve(calibration: Calibration, points: ImagePoint[], frame: number): Resolved {
  const { rows, columns, regions } = calibration
  const inside = points.every(({ column, row }) => column >= 0 && column <= columns && row >= 0 && row <= rows)
  if (!inside) return { refusal: 'outside' }
  if (regions.length > 0) {
    const holding = regions.filter((region) => points.every((point) => holds(region, point)))
    if (holding.length === 0) return { refusal: 'noRegion' }
    const smallest = Math.min(...holding.map(area))
    const [first, ...others] = holding.filter((region) => area(region) === smallest).map(regionSpacing)
    if (first === undefined) return { refusal: 'noRegion' }
    return others.every((other) => JSON.stringify(other) === JSON.stringify(first)) ? first : { refusal: 'disagree' }
  }
  const ofFrame = calibration.frameSpacings[Math.min(frame, calibration.frameSpacings.length) - 1]
  const spacing = ofFrame ?? calibration.spacing
  if (spacing) return { spacing }
  return { refusal: calibration.detectorOnly ? 'detector' : 'none' }
}

function regionOf(item: DataSet): Region | null {
  const found = {
    minColumn: number(item, '00186018'),
    minRow: number(item, '0018601A'),
    maxColumn: number(item, '0018601C'),
    maxRow: number(item, '0018601E'),
    spatialFormat: number(item, '00186012'),
    dataType: number(item, '00186014'),
    unitColumns: number(item, '00186024'),
    unitRows: number(item, '00186026'),
    deltaColumns: number(item, '0018602C'),
    deltaRows: number(item, '0018602E'),
  }
  return Object.values(found).includes(undefined) ? null : (found as Region)
}

function spacingOf(dataSet: DataSet, tag: string): Spacing | null {
  const [rowMm, columnMm] = numbers(dataSet, tag)
  return rowMm !== undefined && columnMm !== undefined && rowMm > 0 && columnMm > 0 ? { rowMm, columnMm } : null
}

function measures(groups: DataSet | undefined): Spacing | null {
  const item = groups && items(groups, '00289110')[0]
  return item ? spacingOf(item, '00280030') : null
}

/** What an instance's metadata says of its lengths; items that lack attributes are left out. */
export function readCalibration(dataSet: DataSet): Calibration {
  const shared = measures(items(dataSet, '52009229')[0])
  const perFrame = items(dataSet, '52009230').map((groups) => measures(groups) ?? shared)
  const spacing = spacingOf(dataSet, '00280030')
  const projection = PROJECTION.includes(text(dataSet, '00080060'))
  const trusted = !projection || IN_PATIENT.includes(text(dataSet, '00280402'))
  return {
    rows: number(dataSet, '00280010') ?? 0,
    columns: number(dataSet, '00280011') ?? 0,
    regions: items(dataSet, '00186011')
      .map(regionOf)
      .filter((region) => region !== null),
    frameSpacings: perFrame.length > 0 ? perFrame : shared ? [shared] : [],
    spacing: trusted ? spacing : null,
    detectorOnly: projection && (spacing !== null || spacingOf(dataSet, '00181164') !== null),
  }
}
