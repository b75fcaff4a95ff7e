import { type Agreement, type BillableEvent, type GateMode, type Party, PRIORITIES, type Priority, type Reading } from '../api/types'
import { decimalOf, parseMinor } from '../ui/money'
import { durationMinutes, durationOf } from '../ui/time'

export interface TierValues {
  amount: string
  up_to?: number | null
}

export interface PriceValues {
  code: string
  description_zh: string
  description_en: string
  billable_event: BillableEvent
  model?: string
  payer: Party
  payee: Party
  tiers: TierValues[]
}

/** An agreement as its form holds it: amounts as people write them, turnaround in hours. */
export interface AgreementValues {
  number: string
  requester: string
  reader: string
  valid_from: string
  valid_until?: string
  services: { modality: string; body_part: string }[]
  hours: Record<Priority, number>
  price_items: PriceValues[]
  models: { model: string; mode: GateMode; certificate?: string; ethics_protocol?: string }[]
  reading: Reading
  consent_attested: boolean
  trial_consent_attested: boolean
  currency: string
}

const FIRST_HOURS: Record<Priority, number> = { ROUTINE: 24, URGENT: 4, STAT: 1 }

export function valuesOf(agreement: Agreement | null, today: string): Partial<AgreementValues> {
  if (agreement === null) {
    return {
      valid_from: today,
      services: [{ modality: 'US', body_part: '*' }],
      hours: FIRST_HOURS,
      price_items: [],
      models: [],
      reading: 'single',
      consent_attested: false,
      trial_consent_attested: false,
      currency: 'CNY',
    }
  }
  const hours = { ...FIRST_HOURS }
  for (const { priority, duration } of agreement.turnarounds) hours[priority] = (durationMinutes(duration) ?? 0) / 60
  return {
    number: agreement.number,
    requester: agreement.requester,
    reader: agreement.reader,
    valid_from: agreement.valid_from,
    ...(agreement.valid_until && { valid_until: agreement.valid_until }),
    services: agreement.services,
    hours,
    price_items: agreement.price_items.map(({ model, tiers, ...item }) => ({
      ...item,
      ...(model && { model }),
      tiers: tiers.map((tier) => ({
        amount: decimalOf({ amount_minor: tier.unit_amount_minor, currency: agreement.currency }),
        up_to: tier.up_to,
      })),
    })),
    models: agreement.models.map(({ certificate, ethics_protocol, ...one }) => ({
      ...one,
      ...(certificate && { certificate }),
      ...(ethics_protocol && { ethics_protocol }),
    })),
    reading: agreement.reading,
    consent_attested: agreement.consent_attested,
    trial_consent_attested: agreement.trial_consent_attested,
    currency: agreement.currency,
  }
}

/** What the form puts. Amounts were validated by the form; one that is none would be refused by the service as null. */
export function bodyOf(values: AgreementValues): object {
  const { requester, reader, valid_from, services, reading, consent_attested, trial_consent_attested, currency } = values
  const { hours, price_items, models, valid_until } = values
  return {
    requester,
    reader,
    valid_from,
    services,
    reading,
    consent_attested,
    trial_consent_attested,
    currency,
    valid_until: valid_until ?? null,
    turnarounds: PRIORITIES.map((priority) => ({ priority, duration: durationOf(hours[priority] * 60) })),
    price_items: price_items.map(({ model, tiers, ...item }) => ({
      ...item,
      model: item.billable_event === 'analysis_completed' && model ? model : null,
      tiers: tiers.map((tier) => ({ unit_amount_minor: parseMinor(tier.amount, currency), up_to: tier.up_to ?? null })),
    })),
    models: models.map((one) => ({
      model: one.model,
      mode: one.mode,
      certificate: one.mode === 'approved' ? (one.certificate ?? null) : null,
      ethics_protocol: one.mode === 'trial' ? (one.ethics_protocol ?? null) : null,
    })),
  }
}
