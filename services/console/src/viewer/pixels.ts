/** How a native (uncompressed) frame lies in memory. */
export interface Layout {
  rows: number
  columns: number
  samples: number
  planar: number
  photometric: string
  bitsAllocated: number
  transferSyntax: string
}

const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'
// Implicit and Explicit VR Little Endian, Explicit VR Big Endian, Deflated: the pixels are not compressed.
const NATIVE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.1.99']

/** How the browser gets a frame: as stored where it decodes that itself, otherwise rendered by the platform. */
export type Way = 'jpeg' | 'native' | 'rendered'

export function wayOf(layout: Layout): Way {
  // A browser takes JPEG without a marker for YCbCr: where the instance says RGB its colours would be wrong.
  if (layout.transferSyntax === JPEG_BASELINE && layout.photometric !== 'RGB') return 'jpeg'
  return NATIVE.includes(layout.transferSyntax) && isPlain(layout) ? 'native' : 'rendered'
}

/** Whether `toRgba` can turn such a frame into a picture; others are asked for rendered. */
export function isPlain(layout: Layout): boolean {
  const grey = layout.samples === 1 && ['MONOCHROME1', 'MONOCHROME2'].includes(layout.photometric)
  return layout.bitsAllocated === 8 && (grey || (layout.samples === 3 && layout.photometric === 'RGB'))
}

/** RGBA of a native 8-bit frame (PS3.3 C.7.6.3.1: interleaved or by plane). */
export function toRgba(bytes: Uint8Array, layout: Layout): Uint8ClampedArray<ArrayBuffer> {
  const count = layout.rows * layout.columns
  if (bytes.length < count * layout.samples) throw new Error('the frame is shorter than its rows and columns say')
  const rgba = new Uint8ClampedArray(count * 4)
  const inverted = layout.photometric === 'MONOCHROME1'
  const [step, plane] = layout.samples === 1 ? [1, 0] : layout.planar === 1 ? [1, count] : [3, 1]
  for (let pixel = 0; pixel < count; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      const value = bytes[pixel * step + channel * plane] ?? 0
      rgba[pixel * 4 + channel] = inverted ? 255 - value : value
    }
    rgba[pixel * 4 + 3] = 255
  }
  return rgba
}
