import { describe, expect, it } from 'vitest'
import type { Refusal, Turnaround } from '../src/api/types'
import { byPriority, byReason, percent } from '../src/quality/figures'

const row = (part: Partial<Turnaround>): Turnaround => ({
  side: 'read', partner_id: 'a', partner_name_zh: '', partner_name_en: '', priority: 'ROUTINE', signed: 0, in_time: 0, median_minutes: null, p90_minutes: null, open: 0, overdue: 0, ...part,
})
const refusal = (reason: string, refused_at: string): Refusal => ({
  id: refused_at, refused_at, protocol: 'stow', sender: 'x', reason, detail: '', advice: '', study_instance_uid: null, sop_instance_uid: null, sop_class_uid: null,
})

describe('the quality figures', () => {
  it('add up partners and put the most urgent first', () => {
    const rows = [row({ signed: 5, in_time: 3 }), row({ partner_id: 'b', signed: 1, in_time: 1, overdue: 2 }), row({ priority: 'STAT', signed: 1 })]
    expect(byPriority(rows)).toEqual([
      { priority: 'STAT', inTime: 0, late: 1, overdue: 0 },
      { priority: 'URGENT', inTime: 0, late: 0, overdue: 0 },
      { priority: 'ROUTINE', inTime: 4, late: 2, overdue: 2 },
    ])
  })

  it('give no share of nothing', () => {
    expect([percent(0, 0), percent(1, 4)]).toEqual([null, 25])
  })

  it('count refusals of the time alone, the most frequent first', () => {
    const refusals = [refusal('truncated', '2026-03-01T00:00:00Z'), refusal('not_dicom', '2026-03-02T00:00:00Z'), refusal('not_dicom', '2026-03-03T00:00:00Z'), refusal('malformed', '2026-01-01T00:00:00Z')]
    expect(byReason(refusals, '2026-02-01T00:00:00Z')).toEqual([{ reason: 'not_dicom', count: 2 }, { reason: 'truncated', count: 1 }])
  })
})
