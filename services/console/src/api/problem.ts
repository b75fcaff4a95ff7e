/** What the platform says went wrong (RFC 9457), or what the network did. `status` is 0 when no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly data: Record<string, unknown> = {},
  ) {
    super(detail)
    this.name = 'Problem'
  }
}

/** The problem that a failed answer carries; falls back to its status where the body is not problem+json (a proxy's own page). */
export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type') ?? ''
  return type.includes('json') ? problemIn(response.status, await response.text()) : new Problem(response.status, 'Http', '')
}

/** The problem that a body carries, or one of the status alone. */
export function problemIn(status: number, text: string): Problem {
  try {
    const body = JSON.parse(text) as Record<string, unknown>
    const code = typeof body['type'] === 'string' ? (body['type'].split(':').pop() ?? 'Http') : 'Http'
    return new Problem(status, code, typeof body['detail'] === 'string' ? body['detail'] : '', body)
  } catch {
    return new Problem(status, 'Http', '')
  }
}

/** Any thrown value as a Problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, 'Network', error instanceof Error ? error.message : String(error))
}
