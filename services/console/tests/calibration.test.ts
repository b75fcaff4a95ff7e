import { describe, expect, it } from 'vitest'
import { type Calibration, readCalibration, type Region, resolve } from '../src/viewer/calibration'

const tissue: Region = {
  minColumn: 100, minRow: 50, maxColumn: 499, maxRow: 449, spatialFormat: 1, dataType: 1, unitColumns: 3, unitRows: 3, deltaColumns: 0.02, deltaRows: 0.03,
}
const calibration = (part: Partial<Calibration>): Calibration => ({
  rows: 600, columns: 800, regions: [], frameSpacings: [], spacing: null, detectorOnly: false, ...part,
})
const at = (column: number, row: number) => ({ column, row })

describe('the calibration of points', () => {
  it('is that of the region that holds them, in millimetres from centimetres', () => {
    expect(resolve(calibration({ regions: [tissue] }), [at(120, 60), at(400, 300)], 1)).toEqual({ spacing: { columnMm: 0.2, rowMm: 0.3 } })
  })

  it('comes from the region even where a pixel spacing stands beside it', () => {
    const both = calibration({ regions: [tissue], spacing: { columnMm: 9, rowMm: 9 } })
    expect(resolve(both, [at(120, 60)], 1)).toEqual({ spacing: { columnMm: 0.2, rowMm: 0.3 } })
    expect(resolve(both, [at(10, 10)], 1)).toEqual({ refusal: 'noRegion' })
  })

  it('is refused for a line across two regions', () => {
    const right = { ...tissue, minColumn: 500, maxColumn: 700 }
    expect(resolve(calibration({ regions: [tissue, right] }), [at(450, 100), at(600, 100)], 1)).toEqual({ refusal: 'noRegion' })
  })

  it('takes the smallest of overlapping regions, whatever their order', () => {
    const inner = { ...tissue, minColumn: 200, minRow: 100, maxColumn: 299, maxRow: 199, deltaColumns: 0.01, deltaRows: 0.01 }
    for (const regions of [[tissue, inner], [inner, tissue]]) {
      expect(resolve(calibration({ regions }), [at(210, 110), at(280, 150)], 1)).toEqual({ spacing: { columnMm: 0.1, rowMm: 0.1 } })
    }
  })

  it('is refused where regions of one size disagree', () => {
    expect(resolve(calibration({ regions: [tissue, { ...tissue, deltaRows: 0.04 }] }), [at(120, 60)], 1)).toEqual({ refusal: 'disagree' })
  })

  it('is refused in Doppler and M-mode regions, and where units are not centimetres both ways', () => {
    expect(resolve(calibration({ regions: [{ ...tissue, spatialFormat: 3 }] }), [at(120, 60)], 1)).toEqual({ refusal: 'notImage' })
    expect(resolve(calibration({ regions: [{ ...tissue, unitColumns: 4 }] }), [at(120, 60)], 1)).toEqual({ refusal: 'notLength' })
    expect(resolve(calibration({ regions: [{ ...tissue, deltaRows: 0 }] }), [at(120, 60)], 1)).toEqual({ refusal: 'notLength' })
  })

  it('ignores the sign of a delta, which only tells the direction', () => {
    expect(resolve(calibration({ regions: [{ ...tissue, deltaRows: -0.03 }] }), [at(120, 60)], 1)).toEqual({ spacing: { columnMm: 0.2, rowMm: 0.3 } })
  })

  it('is refused outside the image', () => {
    expect(resolve(calibration({ spacing: { columnMm: 1, rowMm: 1 } }), [at(10, 10), at(801, 10)], 1)).toEqual({ refusal: 'outside' })
  })

  it('is that of the frame in enhanced objects', () => {
    const enhanced = calibration({ frameSpacings: [{ columnMm: 1, rowMm: 1 }, { columnMm: 2, rowMm: 2 }] })
    expect(resolve(enhanced, [at(1, 1)], 2)).toEqual({ spacing: { columnMm: 2, rowMm: 2 } })
  })

  it('reads regions and spacing from DICOM JSON, and does not trust a detector’s spacing', () => {
    const value = (...Value: unknown[]) => ({ Value })
    const region = {
      '00186018': value(0), '0018601A': value(0), '0018601C': value(9), '0018601E': value(9), '00186012': value(1), '00186014': value(1),
      '00186024': value(3), '00186026': value(3), '0018602C': value(0.1), '0018602E': value(0.1),
    }
    const us = readCalibration({ '00080060': value('US'), '00280010': value(10), '00280011': value(10), '00186011': value(region, { '00186018': value(1) }) })
    expect(us.regions).toHaveLength(1)
    const dx = readCalibration({ '00080060': value('DX'), '00280010': value(10), '00280011': value(10), '00280030': value(0.1, 0.1) })
    expect(resolve(dx, [at(1, 1)], 1)).toEqual({ refusal: 'detector' })
  })
})
