import { firstPart } from './multipart'
import { isPlain, type Layout, toRgba } from './pixels'

/** Fetches and decodes one frame away from the main thread. */
export interface FrameRequest {
  id: number
  path: string
  query: string
  frame: number
  token: string
  layout: Layout
}

export type FrameAnswer = { id: number; bitmap: ImageBitmap } | { id: number; status: number; message: string }

const NATIVE = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '']
const AS_STORED = 'multipart/related; type="image/jpeg"; transfer-syntax=*, multipart/related; type="application/octet-stream"; transfer-syntax=*'
const RENDERED = 'image/png, image/jpeg;q=0.9'

class Refused extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`)
  }
}

async function get(url: string, accept: string, token: string): Promise<Response> {
  const response = await fetch(url, { headers: { Accept: accept, Authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Refused(response.status)
  return response
}

const picture = (bytes: BlobPart, type: string) => createImageBitmap(new Blob([bytes], { type }), { colorSpaceConversion: 'none' })

async function asStored(request: FrameRequest): Promise<ImageBitmap | null> {
  const { layout } = request
  const response = await get(`${request.path}/frames/${request.frame}${request.query}`, AS_STORED, request.token)
  const part = firstPart(response.headers.get('content-type') ?? '', new Uint8Array(await response.arrayBuffer()))
  // A browser takes JPEG without a marker for YCbCr: where the instance says RGB its colours would be wrong.
  if (part.type === 'image/jpeg' && layout.photometric !== 'RGB') return picture(part.body, part.type).catch(() => null)
  if (part.type === 'application/octet-stream' && NATIVE.includes(part.transferSyntax) && isPlain(layout)) {
    return createImageBitmap(new ImageData(toRgba(part.body, layout), layout.columns, layout.rows))
  }
  return null
}

async function rendered(request: FrameRequest): Promise<ImageBitmap> {
  const response = await get(`${request.path}/frames/${request.frame}/rendered${request.query}`, RENDERED, request.token)
  return createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' })
}

/** What the browser cannot decode itself (JPEG 2000, RLE, palettes, 16 bits) the platform renders. */
async function load(request: FrameRequest): Promise<ImageBitmap> {
  try {
    const bitmap = await asStored(request)
    if (bitmap !== null) return bitmap
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 406) throw error
  }
  return rendered(request)
}

self.addEventListener('message', (event: MessageEvent<FrameRequest>) => {
  const request = event.data
  load(request).then(
    (bitmap) => self.postMessage({ id: request.id, bitmap } satisfies FrameAnswer, { transfer: [bitmap] }),
    (error: unknown) => {
      const status = error instanceof Refused ? error.status : 0
      self.postMessage({ id: request.id, status, message: String(error) } satisfies FrameAnswer)
    },
  )
})
