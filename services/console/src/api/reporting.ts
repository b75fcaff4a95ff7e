import { getJson, send, type Tagged } from './client'
import type { Draft, Report, Task } from './types'

const BASE = '/api/reporting/v1'

export const WORKLIST = `${BASE}/worklist`
export const getTask = (id: string, signal?: AbortSignal) => getJson<Task>(`${BASE}/tasks/${id}`, signal)
export const getReport = (id: string, signal?: AbortSignal) => getJson<Report>(`${BASE}/reports/${id}`, signal)
export const changeTask = (id: string, what: 'claim' | 'release' | 'renew') => send<Task>('POST', `${BASE}/tasks/${id}/${what}`)
export const answerOffer = (id: string, answer: 'accept' | 'dismiss') => send<unknown>('POST', `${BASE}/reports/${id}/offer/${answer}`)
/** Signs the edition that the person saw: one that was changed meanwhile is refused. */
export const sign = (id: string, etag: string | null) => send<unknown>('POST', `${BASE}/reports/${id}/sign`, { attestation: true }, etag === null ? {} : { 'If-Match': etag })
export const addendum = (id: string, draft: Draft) => send<unknown>('POST', `${BASE}/reports/${id}/addenda`, { ...draft, attestation: true })

export function saveDraft(id: string, draft: Draft, etag: string | null): Promise<Tagged<Partial<Report> | undefined>> {
  return send('PUT', `${BASE}/reports/${id}/draft`, draft, etag === null ? {} : { 'If-Match': etag })
}
