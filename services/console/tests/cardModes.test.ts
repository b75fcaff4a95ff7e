import { describe, expect, it } from 'vitest'
import { GATE_MODES } from '../src/api/types'
import { runsAs } from '../src/operator/cardModes'

describe('how a model runs', () => {
  it('is what the agreement asks for where the card allows as much', () => {
    for (const asked of GATE_MODES) expect(runsAs(asked, 'approved')).toBe(asked)
    expect(runsAs('shadow', 'trial')).toBe('shadow')
  })

  it('never goes beyond the card', () => {
    expect(runsAs('approved', 'trial')).toBe('trial')
    for (const asked of GATE_MODES) expect(runsAs(asked, 'shadow')).toBe('shadow')
  })
})
