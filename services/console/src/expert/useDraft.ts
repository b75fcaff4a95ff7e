import { useCallback, useEffect, useRef, useState } from 'react'
import { asProblem, type Problem } from '../api/problem'
import { getReport, saveDraft } from '../api/reporting'
import type { Tagged } from '../api/client'
import type { Draft, Report } from '../api/types'
import { draftOf, unchanged, withStored } from './draft'

const QUIET_MS = 1200

export type SaveState = 'saved' | 'changed' | 'saving' | 'failed'

/**
 * Saves over what this page saved last. An analysis that is offered meanwhile makes a new edition of the same words: that is
 * no change by somebody else. Raises Problem 412 for one.
 */
async function saveUnlessChanged(id: string, next: Draft, saved: Draft, etag: string | null): Promise<Tagged<Partial<Report> | undefined>> {
  try {
    return await saveDraft(id, next, etag)
  } catch (error) {
    if (asProblem(error).status !== 412) throw error
    const now = await getReport(id)
    if (!unchanged(now, saved)) throw error
    return saveDraft(id, next, now.etag)
  }
}

/**
 * The draft under edit: saved by itself a moment after the last change, one save at a time, against the version that was
 * read (If-Match). A draft that somebody else changed is never overwritten: saving stops and says so.
 */
export function useDraft(report: Report, editable: boolean) {
  const [draft, setDraft] = useState(() => draftOf(report))
  const [state, setState] = useState<SaveState>('saved')
  const [stored, setStored] = useState<Partial<Report>>({})
  const [problem, setProblem] = useState<Problem | null>(null)
  const etag = useRef<string | null>(report.etag)
  const saved = useRef<Draft>(draft)
  const wanted = useRef<Draft | null>(null)
  const running = useRef<Promise<Problem | null> | null>(null)

  const flush = useCallback((): Promise<Problem | null> => {
    const work = async (): Promise<Problem | null> => {
      while (wanted.current !== null) {
        const next = wanted.current
        wanted.current = null
        setState('saving')
        try {
          const answer = await saveUnlessChanged(report.id, next, saved.current, etag.current)
          etag.current = answer.etag ?? answer.body?.etag ?? null
          const stored = answer.body ?? {}
          const follow = (draft: Draft) => withStored(draft, next, stored.description)
          saved.current = follow(next)
          const following = (draft: Draft | null) => draft && follow(draft)
          wanted.current = following(wanted.current)
          // An edit that is under way when the answer comes reaches `wanted` with the next rendering alone.
          setDraft((before) => {
            const after = follow(before)
            if (wanted.current !== null) wanted.current = after
            return after
          })
          setStored(stored)
          setProblem(null)
        } catch (error) {
          wanted.current ??= next
          const failure = asProblem(error)
          setProblem(failure)
          setState('failed')
          return failure
        }
      }
      setState('saved')
      return null
    }
    running.current ??= work().finally(() => {
      running.current = null
    })
    return running.current
  }, [report.id])

  const edit = useCallback((change: (draft: Draft) => Draft) => {
    setDraft((before) => {
      const after = change(before)
      wanted.current = after
      return after
    })
    setState('changed')
  }, [])

  useEffect(() => {
    if (!editable || state !== 'changed') return
    const timer = setTimeout(() => void flush(), QUIET_MS)
    return () => clearTimeout(timer)
  }, [draft, state, editable, flush])

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (wanted.current !== null) event.preventDefault()
    }
    window.addEventListener('beforeunload', warn)
    return () => {
      window.removeEventListener('beforeunload', warn)
      if (wanted.current !== null && editable) void flush()
    }
  }, [editable, flush])

  const edition = useCallback(() => etag.current, [])
  return { draft, edit, state, problem, flush, edition, stored }
}
