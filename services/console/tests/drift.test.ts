import { describe, expect, it } from 'vitest'
import type { DriftSlice, Shift } from '../src/api/types'
import { byUrgency, drifting, share, shares, worst } from '../src/quality/drift'

const shift = (part: Partial<Shift>): Shift => ({ reference: [], recent: [], psi: null, verdict: 'steady', ...part })
const slice = (part: Partial<DriftSlice>): DriftSlice => ({
  model: 'head', version: '1', shown: true, organisation: null, name_zh: null, name_en: null, scanner: null, outcome: null, certainty: null, probability: null, review: null, ...part,
})

describe('the drift of models', () => {
  it('shows counts as shares, and no share of nothing', () => {
    expect(shares([1, 3])).toEqual([25, 75])
    expect(shares([0, 0])).toEqual([0, 0])
    expect(share([8, 2, 5], 1, [0, 1])).toBe(20)
    expect(share(undefined, 1, [0, 1])).toBeNull()
  })

  it('judges a slice by the worst of its measures and names those that drift', () => {
    const drifts = slice({ outcome: shift({ psi: 0.4, verdict: 'drifts' }), certainty: shift({ psi: 0.15, verdict: 'watch' }) })
    expect(worst(drifts)).toBe('drifts')
    expect(drifting(drifts)).toEqual([{ measure: 'outcome', psi: 0.4 }])
    expect(worst(slice({}))).toBe('too_few')
  })

  it('puts what asks for a look first', () => {
    const slices = (['steady', 'watch', 'drifts'] as const).map((verdict) => slice({ version: verdict, outcome: shift({ verdict }) }))
    expect(byUrgency(slices).map((one) => one.version)).toEqual(['drifts', 'watch', 'steady'])
  })
})
