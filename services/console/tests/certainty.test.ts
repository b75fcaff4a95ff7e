import { describe, expect, it } from 'vitest'
import { formatCertainty } from '../src/ui/certainty'

describe('certainty', () => {
  it('is a whole percent', () => {
    expect(formatCertainty(89.55, 'en-GB')).toBe('90')
    expect(formatCertainty(98.7, 'zh-CN')).toBe('99')
    expect(formatCertainty(99, 'zh-CN')).toBe('99')
  })

  it('is never said to be complete', () => {
    expect(formatCertainty(99.2, 'en-GB')).toBe('> 99')
    expect(formatCertainty(100, 'zh-CN')).toBe('> 99')
  })
})
