import { describe, expect, it } from 'vitest'
import { GATE_MODES } from '../src/api/types'
import { beyond } from '../src/operator/cardModes'

describe('an agreement', () => {
  it('goes beyond a card that allows less', () => {
    expect(GATE_MODES.filter((asked) => beyond(asked, 'shadow'))).toEqual(['approved', 'trial'])
    expect(GATE_MODES.filter((asked) => beyond(asked, 'trial'))).toEqual(['approved'])
    expect(GATE_MODES.filter((asked) => beyond(asked, 'approved'))).toEqual([])
  })
})
