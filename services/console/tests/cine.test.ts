import { describe, expect, it } from 'vitest'
import { CineClock, evenly, frameAt, readCine } from '../src/viewer/cine'

const value = (...Value: unknown[]) => ({ Value })

describe('the cine clock', () => {
  it('reads Frame Time Vector before Frame Time', () => {
    const { cine, declared } = readCine({ '00181065': value(0, 10, 30), '00181063': value(99) }, 3)
    expect(declared).toBe(true)
    expect(cine).toEqual({ starts: [0, 10, 40], totalMs: 60 })
  })

  it('reads Frame Time and Cine Rate, and says when the clip gives neither', () => {
    expect(readCine({ '00181063': value(40) }, 2).cine.totalMs).toBe(80)
    expect(readCine({ '00180040': value(50) }, 2).cine.totalMs).toBe(40)
    expect(readCine({}, 2).declared).toBe(false)
    expect(readCine({ '00181065': value(0, 10) }, 3).declared).toBe(false)
  })

  it('shows the frame of the moment and loops', () => {
    const cine = evenly(20, 5)
    expect([0, 19, 20, 99, 100, 125].map((now) => frameAt(cine, now))).toEqual([0, 0, 1, 4, 0, 1])
  })

  it('keeps real time when drawing is slow: it drops frames and counts them', () => {
    const clock = new CineClock(evenly(10, 100))
    clock.start(0, 0)
    expect(clock.tick(35, () => true)).toBe(3)
    expect(clock.dropped).toBe(2)
    expect(clock.tick(36, () => true)).toBeNull()
    expect(clock.tick(40, () => true)).toBe(4)
    expect(clock.dropped).toBe(2)
  })

  it('drops a frame that has not come instead of waiting for it', () => {
    const clock = new CineClock(evenly(10, 10))
    clock.start(0, 0)
    expect(clock.tick(10, () => false)).toBeNull()
    expect(clock.tick(20, () => true)).toBe(2)
    expect(clock.dropped).toBe(1)
    expect(clock.shown).toBe(1)
  })

  it('begins at the frame on screen', () => {
    const clock = new CineClock(evenly(10, 10))
    clock.start(7, 1000)
    expect(clock.tick(1010, () => true)).toBe(8)
  })
})
