import { describe, expect, it } from 'vitest'
import { firstPart } from '../src/viewer/multipart'
import { toRgba, wayOf } from '../src/viewer/pixels'

const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
const layout = { rows: 1, columns: 2, samples: 3, planar: 0, photometric: 'RGB', bitsAllocated: 8, transferSyntax: '1.2.840.10008.1.2.1' }

describe('a WADO-RS frame', () => {
  const type = 'multipart/related; type="image/jpeg"; boundary=b1'

  it('is the first part, whatever bytes it holds', () => {
    const part = firstPart(type, bytes('--b1\r\nContent-Type: image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50\r\n\r\n\xff\xd8\r\n--b0\r\n\r\n--b1--\r\n'))
    expect(part.type).toBe('image/jpeg')
    expect(part.transferSyntax).toBe('1.2.840.10008.1.2.4.50')
    expect([...part.body]).toEqual([...bytes('\xff\xd8\r\n--b0\r\n')])
  })

  it('is refused when cut short', () => {
    expect(() => firstPart(type, bytes('--b1\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8'))).toThrow('cut short')
    expect(() => firstPart(type, bytes('no part'))).toThrow('no part')
  })

  it('is decoded here only where the browser gets its colours right', () => {
    expect(wayOf({ ...layout, transferSyntax: '1.2.840.10008.1.2.4.50', photometric: 'YBR_FULL_422' })).toBe('jpeg')
    expect(wayOf({ ...layout, transferSyntax: '1.2.840.10008.1.2.4.50' })).toBe('rendered')
    expect(wayOf(layout)).toBe('native')
    expect(wayOf({ ...layout, photometric: 'PALETTE COLOR', samples: 1 })).toBe('rendered')
    expect(wayOf({ ...layout, transferSyntax: '1.2.840.10008.1.2.5' })).toBe('rendered')
  })

  it('turns native pixels into RGBA by plane, by pixel and in grey', () => {
    const pixels = new Uint8Array([1, 2, 3, 4, 5, 6])
    expect([...toRgba(pixels, layout)]).toEqual([1, 2, 3, 255, 4, 5, 6, 255])
    expect([...toRgba(pixels, { ...layout, planar: 1 })]).toEqual([1, 3, 5, 255, 2, 4, 6, 255])
    expect([...toRgba(new Uint8Array([0, 9]), { ...layout, samples: 1, photometric: 'MONOCHROME1' })]).toEqual([255, 255, 255, 255, 246, 246, 246, 255])
    expect(() => toRgba(new Uint8Array(3), layout)).toThrow('shorter')
  })
})
