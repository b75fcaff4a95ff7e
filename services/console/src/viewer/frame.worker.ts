import { firstPart } from './multipart'
import { type Layout, toRgba, wayOf } from './pixels'

/** Fetches and decodes one frame away from the main thread. */
export interface FrameRequest {
  id: number
  path: string
  query: string
  frame: number
  token: string
  layout: Layout
}

export type FrameAnswer = { id: number; bitmap: ImageBitmap } | { id: number; status: number; undecodable: boolean; message: string }

const ACCEPT = {
  jpeg: 'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50',
  native: 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1',
  rendered: 'image/png, image/jpeg;q=0.9',
} as const

class Refused extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`)
  }
}

/** The frame came; it is no picture. */
class Undecodable extends Error {}

async function load({ path, query, frame, token, layout }: FrameRequest): Promise<ImageBitmap> {
  const way = wayOf(layout)
  const url = `${path}/frames/${frame}${way === 'rendered' ? '/rendered' : ''}${query}`
  const response = await fetch(url, { headers: { Accept: ACCEPT[way], Authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Refused(response.status)
  const bytes = new Uint8Array(await response.arrayBuffer())
  const type = response.headers.get('content-type') ?? ''
  try {
    if (way === 'rendered') return await bitmapOf(bytes, type)
    const { body } = firstPart(type, bytes)
    return way === 'jpeg' ? await bitmapOf(body, 'image/jpeg') : await createImageBitmap(new ImageData(toRgba(body, layout), layout.columns, layout.rows))
  } catch (error) {
    throw new Undecodable(String(error))
  }
}

const bitmapOf = (bytes: Uint8Array<ArrayBuffer>, type: string) => createImageBitmap(new Blob([bytes], { type }), { colorSpaceConversion: 'none' })

self.addEventListener('message', (event: MessageEvent<FrameRequest>) => {
  const request = event.data
  load(request).then(
    (bitmap) => self.postMessage({ id: request.id, bitmap } satisfies FrameAnswer, { transfer: [bitmap] }),
    (error: unknown) => {
      const status = error instanceof Refused ? error.status : 0
      self.postMessage({ id: request.id, status, undecodable: error instanceof Undecodable, message: String(error) } satisfies FrameAnswer)
    },
  )
})
