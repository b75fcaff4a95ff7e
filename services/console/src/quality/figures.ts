import type { Refusal, ReviewedFindings, Turnaround } from '../api/types'

/** A share in percent, or null where there is nothing to share. */
export function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole
}

export function total<Row>(rows: Row[], of: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0)
}

export const decided = (one: ReviewedFindings): number => one.accepted + one.corrected + one.rejected

/** Signed in time, signed late, and overdue now, by priority; the most urgent first. */
export function byPriority(rows: Turnaround[]): { priority: Turnaround['priority']; inTime: number; late: number; overdue: number }[] {
  return (['STAT', 'URGENT', 'ROUTINE'] as const).map((priority) => {
    const these = rows.filter((row) => row.priority === priority)
    const inTime = total(these, (row) => row.in_time)
    return { priority, inTime, late: total(these, (row) => row.signed) - inTime, overdue: total(these, (row) => row.overdue) }
  })
}

/** How often each reason occurs, the most frequent first. */
export function byReason(refusals: Refusal[], since: string): { reason: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const one of refusals) {
    if (Date.parse(one.refused_at) >= Date.parse(since)) counts.set(one.reason, (counts.get(one.reason) ?? 0) + 1)
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason))
}
