/** Times as the organisation's own clock shows them. */
export function formatDateTime(instant: string, language: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat(language, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone,
  })
  return format.format(new Date(instant))
}

/** A calendar date ("2026-03-01") is a date everywhere: formatted without moving it through a time zone. */
export function formatDate(date: string, language: string): string {
  const format = new Intl.DateTimeFormat(language, { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: 'UTC' })
  const parsed = new Date(`${date.slice(0, 10)}T00:00:00Z`)
  return Number.isNaN(parsed.getTime()) ? date : format.format(parsed)
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Minutes of an ISO 8601 duration ("PT4H", "P1DT30M"), or null when it is none. */
export function durationMinutes(text: string): number | null {
  const match = DURATION.exec(text)
  if (!match || text === 'P' || text.endsWith('T')) return null
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part || 0)) as [number, number, number, number]
  return days * 1440 + hours * 60 + minutes + seconds / 60
}

export function durationOf(minutes: number): string {
  return `PT${Math.round(minutes * 60)}S`
}

/** Minutes in the largest units that say it whole: 90 → {hours: 1, minutes: 30}. */
export function splitMinutes(total: number): { days: number; hours: number; minutes: number } {
  const minutes = Math.round(total)
  return { days: Math.floor(minutes / 1440), hours: Math.floor((minutes % 1440) / 60), minutes: minutes % 60 }
}

/** The current date in `timeZone`, moved by `days`, as ISO 8601. */
export function dateIn(timeZone: string, now: Date, days = 0): string {
  const moved = new Date(now.getTime() + days * 86_400_000)
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(moved)
}
