import { describe, expect, it } from 'vitest'
import type { Calibration } from '../src/viewer/calibration'
import { circumference, ellipseOutline, measureEllipse, measureLength } from '../src/viewer/measure'

const spaced = (columnMm: number, rowMm: number): Calibration => ({ rows: 1000, columns: 1000, regions: [], frameSpacings: [], spacing: { columnMm, rowMm }, detectorOnly: false })
const at = (column: number, row: number) => ({ column, row })

describe('measuring', () => {
  it('takes unequal spacing into account', () => {
    expect(measureLength(spaced(0.5, 2), 1, at(0, 0), at(6, 2))).toEqual({ lengthMm: 5 })
  })

  it('gives a circle its circumference and area', () => {
    const circle = measureEllipse(spaced(0.1, 0.1), 1, [at(400, 500), at(600, 500), at(500, 400), at(500, 600)])
    expect(circle).toMatchObject({ longMm: expect.closeTo(20, 6) as number, shortMm: expect.closeTo(20, 6) as number })
    expect('refusal' in circle ? 0 : circle.circumferenceMm).toBeCloseTo(Math.PI * 20, 4)
    expect('refusal' in circle ? 0 : circle.areaMm2).toBeCloseTo(Math.PI * 100, 4)
  })

  it('is the same for an ellipse turned by any angle', () => {
    for (const angle of [0, 0.4, 1.2]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)]
      const turned = measureEllipse(spaced(0.1, 0.1), 1, [at(500 - 200 * c, 500 - 200 * s), at(500 + 200 * c, 500 + 200 * s), at(500 + 100 * s, 500 - 100 * c), at(500 - 100 * s, 500 + 100 * c)])
      expect(turned).toMatchObject({ longMm: expect.closeTo(40, 6) as number, shortMm: expect.closeTo(20, 6) as number })
    }
  })

  it('finds the true axes where rows and columns are spaced unequally', () => {
    const angle = Math.PI / 4
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    const points = [at(500 - 200 * c, 500 - 200 * s), at(500 + 200 * c, 500 + 200 * s), at(500 + 100 * s, 500 - 100 * c), at(500 - 100 * s, 500 + 100 * c)] as const
    const outline = ellipseOutline([...points], 3600).map(({ column, row }) => ({ x: column * 0.1, y: row * 0.3 }))
    const perimeter = outline.reduce((sum, point, index) => {
      const next = outline[(index + 1) % outline.length] ?? point
      return sum + Math.hypot(point.x - next.x, point.y - next.y)
    }, 0)
    const found = measureEllipse(spaced(0.1, 0.3), 1, [...points])
    expect('refusal' in found ? 0 : found.circumferenceMm).toBeCloseTo(perimeter, 2)
  })

  it('refuses an ellipse that leaves its region although both axes end inside', () => {
    const region = { minColumn: 0, minRow: 0, maxColumn: 399, maxRow: 399, spatialFormat: 1, dataType: 1, unitColumns: 3, unitRows: 3, deltaColumns: 0.01, deltaRows: 0.01 }
    const calibration = { ...spaced(1, 1), regions: [region] }
    // The short axis is drawn off the middle: the ellipse itself, centred on the long axis, reaches beyond the region.
    expect(measureEllipse(calibration, 1, [at(50, 330), at(350, 330), at(100, 200), at(100, 399)])).toEqual({ refusal: 'noRegion' })
  })

  it('approximates the circumference to the fourth digit', () => {
    // Complete elliptic integral, a = 2, b = 1: 9.68844822…
    expect(circumference(2, 1)).toBeCloseTo(9.688448, 5)
    expect(circumference(0, 0)).toBe(0)
  })
})
