import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { asProblem } from '../api/problem'
import { changeTask } from '../api/reporting'

const RENEW_MS = 60_000

/** Keeps a claimed task ours while the page is open; says when it was lost to somebody else. */
export function useLease(taskId: string, held: boolean): boolean {
  const queries = useQueryClient()
  const [lost, setLost] = useState(false)
  useEffect(() => {
    if (!held) return
    const renew = () => {
      changeTask(taskId, 'renew').then(
        () => setLost(false),
        (error: unknown) => {
          if (![403, 404, 409].includes(asProblem(error).status)) return
          setLost(true)
          void queries.invalidateQueries({ queryKey: ['task', taskId] })
        },
      )
    }
    const timer = setInterval(renew, RENEW_MS)
    return () => clearInterval(timer)
  }, [taskId, held, queries])
  return lost && !held
}
