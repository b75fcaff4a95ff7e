import type { Money } from '../api/types'

interface Charge {
  payer_id: string
  payee_id: string
  amount: Money
}

export interface Total {
  currency: string
  payable: Money
  receivable: Money
}

/** What `organisation` owes and is owed, by currency: amounts of two currencies are never added. */
export function totals(charges: Charge[], organisation: string): Total[] {
  const found = new Map<string, Total>()
  for (const { payer_id, payee_id, amount } of charges) {
    const { currency, amount_minor } = amount
    const total = found.get(currency) ?? { currency, payable: { amount_minor: 0, currency }, receivable: { amount_minor: 0, currency } }
    if (payer_id === organisation) total.payable.amount_minor += amount_minor
    if (payee_id === organisation) total.receivable.amount_minor += amount_minor
    found.set(currency, total)
  }
  return [...found.values()].sort((a, b) => a.currency.localeCompare(b.currency))
}
