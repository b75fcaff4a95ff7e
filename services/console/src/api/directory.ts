import { getJson, withQuery } from './client'
import type { Organisation, Page } from './types'

/** The alias of an organisation by its id, as DICOMweb's `organisation` wants it; null when the caller may not see it. */
export async function aliasOf(id: string, signal?: AbortSignal): Promise<string | null> {
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: Page<Organisation> = await getJson(withQuery('/api/directory/v1/organisations', { cursor, limit: 500 }), signal)
    const found = page.items.find((one) => one.id === id)
    if (found) return found.alias
    cursor = page.next ?? null
  }
  return null
}
