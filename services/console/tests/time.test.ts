import { describe, expect, it } from 'vitest'
import { dateIn, durationMinutes, durationOf, formatDate, formatDateTime, instantOf, splitMinutes, wallTime } from '../src/ui/time'

describe('times', () => {
  it('are those of the organisation’s own clock', () => {
    expect(formatDateTime('2026-03-01T20:30:00Z', 'zh-CN', 'Asia/Shanghai')).toBe('2026/03/02 04:30')
    expect(formatDateTime('2026-03-01T20:30:00Z', 'zh-CN', 'Asia/Urumqi')).toBe('2026/03/02 02:30')
  })

  it('leave a calendar date where it is', () => {
    expect(formatDate('2026-03-01', 'zh-CN')).toBe('2026/03/01')
    expect(formatDate('unknown', 'zh-CN')).toBe('unknown')
  })

  it('read and write ISO 8601 durations', () => {
    expect(['PT4H', 'P1DT30M', 'PT90S', 'P1D', 'PT0.5S', '4h', 'P', 'PT'].map(durationMinutes)).toEqual([240, 1470, 1.5, 1440, 0.5 / 60, null, null, null])
    expect(durationMinutes(durationOf(90))).toBe(90)
    expect(splitMinutes(1530)).toEqual([['days', 1], ['hours', 1]])
    expect(splitMinutes(1440)).toEqual([['days', 1]])
    expect(splitMinutes(-90)).toEqual([['hours', 1], ['minutes', 30]])
    expect(splitMinutes(0.25)).toEqual([['seconds', 15]])
    expect(splitMinutes(0)).toEqual([['minutes', 0]])
  })

  it('go to a wall clock and back, also across summer time', () => {
    expect(wallTime('2026-03-01T20:30:00Z', 'Asia/Shanghai')).toBe('2026-03-02T04:30:00')
    expect(instantOf('2026-03-02T04:30:00', 'Asia/Shanghai')).toBe('2026-03-01T20:30:00.000Z')
    for (const instant of ['2026-03-29T00:30:00.000Z', '2026-03-29T01:30:00.000Z', '2026-07-01T12:00:00.000Z']) {
      expect(instantOf(wallTime(instant, 'Europe/Berlin'), 'Europe/Berlin')).toBe(instant)
    }
  })

  it('know which day it is in the organisation', () => {
    expect(dateIn('Asia/Shanghai', new Date('2026-03-01T20:30:00Z'))).toBe('2026-03-02')
    expect(dateIn('Asia/Shanghai', new Date('2026-03-01T20:30:00Z'), -2)).toBe('2026-02-28')
  })
})
