import { type Calibration, type ImagePoint, type Refusal, resolve, type Spacing } from './calibration'

export interface LengthResult {
  lengthMm: number
}

/** An ellipse by its two axes: `long` from end to end, `short` across it. */
export interface EllipseResult {
  longMm: number
  shortMm: number
  circumferenceMm: number
  areaMm2: number
}

export function distanceMm(a: ImagePoint, b: ImagePoint, spacing: Spacing): number {
  return Math.hypot((a.column - b.column) * spacing.columnMm, (a.row - b.row) * spacing.rowMm)
}

export function measureLength(calibration: Calibration, frame: number, a: ImagePoint, b: ImagePoint): LengthResult | { refusal: Refusal } {
  const found = resolve(calibration, [a, b], frame)
  return 'refusal' in found ? found : { lengthMm: distanceMm(a, b, found.spacing) }
}

/**
 * Circumference of an ellipse from its semi-axes: Ramanujan's second approximation (Ramanujan 1914, Q. J. Math. 45:350), whose
 * error stays below 5e-5 of the length for axis ratios up to 20.
 */
export function circumference(a: number, b: number): number {
  if (a + b === 0) return 0
  const h = ((a - b) / (a + b)) ** 2
  return Math.PI * (a + b) * (1 + (3 * h) / (10 + Math.sqrt(4 - 3 * h)))
}

type Axes = [ImagePoint, ImagePoint, ImagePoint, ImagePoint]

/** Ends of both axes after the short one is centred on the long one and set across it, in pixels. */
export function ellipseAxes([a, b, c, d]: Axes): { centre: ImagePoint; u: ImagePoint; v: ImagePoint } {
  const centre = { column: (a.column + b.column) / 2, row: (a.row + b.row) / 2 }
  const u = { column: (b.column - a.column) / 2, row: (b.row - a.row) / 2 }
  const length = Math.hypot(u.column, u.row) || 1
  const half = Math.hypot(d.column - c.column, d.row - c.row) / 2
  return { centre, u, v: { column: (-u.row / length) * half, row: (u.column / length) * half } }
}

/** `count` points on the ellipse's outline, in pixels. */
export function ellipseOutline(axes: Axes, count: number): ImagePoint[] {
  const { centre, u, v } = ellipseAxes(axes)
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count
    return {
      column: centre.column + u.column * Math.cos(angle) + v.column * Math.sin(angle),
      row: centre.row + u.row * Math.cos(angle) + v.row * Math.sin(angle),
    }
  })
}

const REGION_POINTS = 32

/**
 * The ellipse in millimetres. Its whole outline must lie in one calibrated region. With unequal spacing the image of the two
 * axes are conjugate half-diameters, no longer the axes: these come from the 2x2 matrix's singular values.
 */
export function measureEllipse(calibration: Calibration, frame: number, axes: Axes): EllipseResult | { refusal: Refusal } {
  const found = resolve(calibration, ellipseOutline(axes, REGION_POINTS), frame)
  if ('refusal' in found) return found
  const { u, v } = ellipseAxes(axes)
  const { columnMm, rowMm } = found.spacing
  const [a, b, c, d] = [u.column * columnMm, v.column * columnMm, u.row * rowMm, v.row * rowMm]
  const sum = a * a + b * b + c * c + d * d
  const determinant = Math.abs(a * d - b * c)
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * determinant * determinant))
  const long = Math.sqrt((sum + root) / 2)
  const short = long === 0 ? 0 : determinant / long
  return { longMm: 2 * long, shortMm: 2 * short, circumferenceMm: circumference(long, short), areaMm2: Math.PI * determinant }
}
