import { createContext, useContext, useMemo } from 'react'
import type { Anchor, Finding } from '../api/types'

/** On which image of the study a finding stands, counted from 1; null while the study is not here. */
export const WhereContext = createContext<(anchor: Pick<Anchor, 'sop_instance_uid'>) => number | null>(() => null)

/** Findings in the order of the pictures that they stand on. */
export function useInOrder(findings: Finding[]): Finding[] {
  const where = useContext(WhereContext)
  return useMemo(() => inOrder(findings, where), [findings, where])
}

export function inOrder(findings: Finding[], where: (anchor: Anchor) => number | null): Finding[] {
  const place = ({ anchor }: Finding): [number, number] => [where(anchor) ?? 0, anchor.first_frame]
  return [...findings].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
}
