import { describe, expect, it } from 'vitest'
import { totals } from '../src/billing/totals'
import { decimalOf, formatMoney, parseMinor } from '../src/ui/money'

describe('money', () => {
  it('is exact from minor units, whatever the currency’s digits', () => {
    expect(decimalOf({ amount_minor: 5, currency: 'CNY' })).toBe('0.05')
    expect(decimalOf({ amount_minor: -123456, currency: 'CNY' })).toBe('-1234.56')
    expect(decimalOf({ amount_minor: 500, currency: 'JPY' })).toBe('500')
    expect(decimalOf({ amount_minor: 9007199254740991, currency: 'CNY' })).toBe('90071992547409.91')
  })

  it('is written as the language does', () => {
    expect(formatMoney({ amount_minor: 1234567, currency: 'CNY' }, 'zh-CN')).toBe('¥12,345.67')
    expect(formatMoney({ amount_minor: 9007199254740991, currency: 'CNY' }, 'en-GB')).toContain('90,071,992,547,409.91')
  })

  it('is read back only where it is an amount of the currency', () => {
    expect(parseMinor('12.5', 'CNY')).toBe(1250)
    expect(parseMinor(' 80 ', 'CNY')).toBe(8000)
    expect(parseMinor('0.29', 'CNY')).toBe(29)
    for (const text of ['', '1.234', '-1', '1e3', 'abc', '1.']) expect(parseMinor(text, 'CNY')).toBeNull()
    expect(parseMinor('1.5', 'JPY')).toBeNull()
  })

  it('is never added across currencies', () => {
    const charge = (payer_id: string, payee_id: string, amount_minor: number, currency: string) => ({ payer_id, payee_id, amount: { amount_minor, currency } })
    const found = totals([charge('a', 'b', 100, 'CNY'), charge('b', 'a', 30, 'CNY'), charge('a', 'c', 7, 'USD')], 'a')
    expect(found.map(({ payable, receivable }) => [payable.amount_minor, receivable.amount_minor])).toEqual([[100, 30], [7, 0]])
  })
})
