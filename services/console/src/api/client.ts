import { Problem, problemOf } from './problem'

type TokenSource = () => Promise<string | null>
type Query = Record<string, string | number | boolean | null | undefined>

let token: TokenSource = () => Promise.resolve(null)
let onUnauthenticated: () => void = () => undefined

/** Set once at start: where access tokens come from, and what to do when the platform no longer knows us. */
export function configureClient(source: TokenSource, unauthenticated: () => void): void {
  token = source
  onUnauthenticated = unauthenticated
}

export async function bearer(): Promise<string> {
  const value = await token()
  if (value === null) throw new Problem(401, 'Unauthenticated', '')
  return value
}

export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

/** One request with the person's token. Raises Problem on any answer but 2xx. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${await bearer()}`)
  headers.set('Accept-Language', document.documentElement.lang)
  let response: Response
  try {
    response = await fetch(path, { ...init, headers })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, 'Network', '')
  }
  if (response.status === 401) onUnauthenticated()
  if (!response.ok) throw await problemOf(response)
  return response
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await call(path, { headers: { Accept: 'application/json' }, signal: signal ?? null })
  return (await response.json()) as T
}

export interface Tagged<T> {
  body: T
  etag: string | null
}

/** A JSON request with a body; answers what came back, undefined where the answer is empty, and its ETag. */
export async function send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Tagged<T>> {
  const all = new Headers({ Accept: 'application/json', ...headers })
  if (body !== undefined) all.set('Content-Type', 'application/json')
  const response = await call(path, { method, headers: all, body: body === undefined ? null : JSON.stringify(body) })
  const text = await response.text()
  return { body: (text === '' ? undefined : JSON.parse(text)) as T, etag: response.headers.get('etag') }
}

/** Fetches a document and hands it to the browser's downloads under `name`. */
export async function download(path: string, name: string, accept = '*/*'): Promise<void> {
  const response = await call(path, { headers: { Accept: accept } })
  const url = URL.createObjectURL(await response.blob())
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
