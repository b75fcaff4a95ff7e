/** The first part of a multipart/related answer (RFC 2387), as WADO-RS gives a frame. */
export interface Part {
  type: string
  transferSyntax: string
  body: Uint8Array<ArrayBuffer>
}

const parameter = (header: string, name: string): string => new RegExp(`${name}="?([^";]+)"?`, 'i').exec(header)?.[1]?.trim() ?? ''

function find(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  const first = needle[0] ?? 0
  for (let at = bytes.indexOf(first, from); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (needle.every((byte, index) => bytes[at + index] === byte)) return at
  }
  return -1
}

/** Raises Error where the bytes are not what `contentType` says. */
export function firstPart(contentType: string, bytes: Uint8Array<ArrayBuffer>): Part {
  const mediaType = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (mediaType !== 'multipart/related') return { type: mediaType, transferSyntax: parameter(contentType, 'transfer-syntax'), body: bytes }
  const encode = (text: string) => new TextEncoder().encode(text)
  const boundary = parameter(contentType, 'boundary')
  const opening = find(bytes, encode(`--${boundary}\r\n`), 0)
  const headersEnd = find(bytes, encode('\r\n\r\n'), opening)
  if (boundary === '' || opening === -1 || headersEnd === -1) throw new Error('the multipart answer has no part')
  const headers = new TextDecoder('latin1').decode(bytes.subarray(opening, headersEnd))
  const start = headersEnd + 4
  const length = Number(/^content-length:\s*(\d+)/im.exec(headers)?.[1])
  const end = Number.isFinite(length) ? start + length : find(bytes, encode(`\r\n--${boundary}`), start)
  if (end === -1 || end > bytes.length) throw new Error('the multipart answer is cut short')
  const type = /^content-type:\s*(.+)$/im.exec(headers)?.[1] ?? ''
  return {
    type: (type.split(';')[0] ?? '').trim().toLowerCase(),
    transferSyntax: parameter(type, 'transfer-syntax'),
    body: bytes.subarray(start, end),
  }
}
