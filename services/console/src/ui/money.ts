import type { Money } from '../api/types'

/** How many minor units make one of `currency`, as a power of ten (ISO 4217, from the browser's own table). */
export function minorDigits(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** `amount_minor` as an exact decimal string; never through a float. */
export function decimalOf(money: Money): string {
  const digits = minorDigits(money.currency)
  const sign = money.amount_minor < 0 ? '-' : ''
  const text = String(Math.abs(money.amount_minor)).padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** As people of `language` write it. Intl formats the exact decimal string, so no rounding happens. */
export function formatMoney(money: Money, language: string): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency: money.currency, currencyDisplay: 'narrowSymbol' })
  return format.format(decimalOf(money) as unknown as number)
}

/** Minor units of what a person typed ("12.5"), or null when it is no amount of `currency`. */
export function parseMinor(text: string, currency: string): number | null {
  const digits = minorDigits(currency)
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim())
  if (!match?.[1] || (match[2] ?? '').length > digits) return null
  return Number(match[1] + (match[2] ?? '').padEnd(digits, '0'))
}
