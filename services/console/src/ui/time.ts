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

export type Unit = 'days' | 'hours' | 'minutes' | 'seconds'
const UNITS: [Unit, number][] = [['days', 86_400], ['hours', 3_600], ['minutes', 60], ['seconds', 1]]

/** A span in its two largest neighbouring units, without what is zero: 90 min → 1 h 30 min, 1440 min → 1 d. */
export function splitMinutes(total: number): [Unit, number][] {
  let seconds = Math.round(Math.abs(total) * 60)
  if (seconds >= 60) seconds = Math.round(seconds / 60) * 60
  const parts = UNITS.map(([unit, size]): [Unit, number] => {
    const count = Math.floor(seconds / size)
    seconds -= count * size
    return [unit, count]
  })
  const first = parts.findIndex(([, count]) => count > 0)
  return first < 0 ? [['minutes', 0]] : parts.slice(first, first + 2).filter(([, count]) => count > 0)
}

/** The wall clock of `timeZone` at an instant, as ISO 8601 without an offset. */
export function wallTime(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  })
  return format.format(new Date(instant)).replace(' ', 'T')
}

/** The instant at which the clock of `timeZone` shows `wall` ("2026-03-01T00:00:00"); in a gap or overlap of summer time, one beside it. */
export function instantOf(wall: string, timeZone: string): string {
  const wanted = Date.parse(`${wall}Z`)
  let guess = wanted
  for (let round = 0; round < 2; round += 1) guess += wanted - Date.parse(`${wallTime(new Date(guess).toISOString(), timeZone)}Z`)
  return new Date(guess).toISOString()
}

/** The current date in `timeZone`, moved by `days`, as ISO 8601. */
export function dateIn(timeZone: string, now: Date, days = 0): string {
  const moved = new Date(now.getTime() + days * 86_400_000)
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(moved)
}
