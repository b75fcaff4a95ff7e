import { describe, expect, it } from 'vitest'
import { askedOf, shadowsOf } from '../src/operator/failures'

const answers = [
  { version: '3.0.0', shown: false, answered: 0, failed: 4 },
  { version: '2.0.0', shown: true, answered: 50, failed: 1 },
  { version: '2.0.0', shown: false, answered: 9, failed: 0 },
]

describe('what a version did on the images of a hospital', () => {
  it('is counted shown and in the shadow together, and is nothing for one that was never asked', () => {
    expect(askedOf({ answers }, '2.0.0')).toEqual({ version: '2.0.0', asked: 60, failed: 1 })
    expect(askedOf({ answers }, '4.0.0')).toEqual({ version: '4.0.0', asked: 0, failed: 0 })
  })
})

describe('versions in the shadow', () => {
  it('are told where they failed, the one in the shadow now always', () => {
    expect(shadowsOf({ answers, shadow_version: '', platform: false })).toEqual([{ version: '3.0.0', asked: 4, failed: 4 }])
    expect(shadowsOf({ answers, shadow_version: '2.0.0', platform: false }).map((one) => [one.version, one.asked])).toEqual([['3.0.0', 4], ['2.0.0', 9]])
  })

  it('are no better while they were asked nothing', () => {
    expect(shadowsOf({ answers: [], shadow_version: '5.0.0', platform: false })).toEqual([{ version: '5.0.0', asked: 0, failed: 0 }])
  })

  it('have no line at what new hospitals begin with, where no exam is read', () => {
    expect(shadowsOf({ answers, shadow_version: '3.0.0', platform: true })).toEqual([])
  })
})
