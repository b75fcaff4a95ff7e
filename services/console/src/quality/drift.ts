import type { DriftSlice, Shift, Verdict } from '../api/types'

export const MEASURES = ['outcome', 'certainty', 'probability', 'review'] as const
export type Measure = (typeof MEASURES)[number]

const WORSE: Record<Verdict, number> = { too_few: 0, steady: 1, watch: 2, drifts: 3 }

/** A window's counts as shares in percent of all of them; nothing of nothing. */
export function shares(counts: number[]): number[] {
  const all = sum(counts)
  return counts.map((count) => (all === 0 ? 0 : (100 * count) / all))
}

export const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0)

/** The share in percent of one bin among some of them, or null where they hold nothing. */
export function share(counts: number[] | undefined, bin: number, among: number[]): number | null {
  const all = sum(among.map((index) => counts?.[index] ?? 0))
  return all === 0 ? null : (100 * (counts?.[bin] ?? 0)) / all
}

/** The worst verdict of a slice. */
export function worst(slice: DriftSlice): Verdict {
  const verdicts = MEASURES.map((measure) => slice[measure]?.verdict ?? 'too_few')
  return verdicts.reduce((one, other) => (WORSE[other] > WORSE[one] ? other : one))
}

/** The measures of a slice that drift, with their indices. */
export function drifting(slice: DriftSlice): { measure: Measure; psi: number }[] {
  return MEASURES.flatMap((measure) => {
    const found: Shift | null = slice[measure]
    return found?.verdict === 'drifts' && found.psi !== null ? [{ measure, psi: found.psi }] : []
  })
}

export const keyOf = (slice: DriftSlice): string => [slice.model, slice.version, slice.shown, slice.organisation, slice.scanner].join('/')

/** The slices that ask for a look first; otherwise in the service's order. */
export function byUrgency(slices: DriftSlice[]): DriftSlice[] {
  return [...slices].sort((one, other) => WORSE[worst(other)] - WORSE[worst(one)])
}
