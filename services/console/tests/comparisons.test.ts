import { describe, expect, it } from 'vitest'
import type { Comparison } from '../src/api/types'
import { byPair, comparedName } from '../src/operator/comparisons'

const counted = (version: string, against: string, code: string, disagreed: number): Comparison => ({ version, against, code, meaning: 'Head Circumference', exams: 9, compared: 10, disagreed })

describe('what versions in the shadow said otherwise', () => {
  it('is told by the pair of versions, the one in the shadow now first, and worst code first', () => {
    const comparisons = [counted('1.0.0', '0.9.0', 'a', 9), counted('3.0.0', '2.0.0', 'b', 5), counted('2.0.0', '1.0.0', 'a', 4), counted('3.0.0', '2.0.0', 'a', 1), counted('3.0.0', '1.0.0', 'a', 0)]
    const pairs = byPair({ comparisons, shadow_version: '3.0.0', shown_version: '2.0.0' })
    expect(pairs.map((pair) => `${pair.version}/${pair.against}`)).toEqual(['3.0.0/2.0.0', '3.0.0/1.0.0', '2.0.0/1.0.0', '1.0.0/0.9.0'])
    expect(pairs[0]?.codes.map((one) => one.code)).toEqual(['b', 'a'])
  })

  it('stays when nothing is in the shadow any more', () => {
    expect(byPair({ comparisons: [counted('2.0.0', '1.0.0', 'a', 4)], shadow_version: '', shown_version: '1.0.0' })).toHaveLength(1)
  })

  it('is named in the language of who reads it, by the code where nothing better is known', () => {
    expect(comparedName(counted('2', '1', '11984-2', 1), 'zh')).toBe('头围')
    expect(comparedName(counted('2', '1', '11984-2', 1), 'en')).toBe('Head Circumference')
    expect(comparedName({ code: 'new', meaning: '' }, 'zh')).toBe('new')
  })
})
