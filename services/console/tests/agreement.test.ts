import { describe, expect, it } from 'vitest'
import type { Agreement } from '../src/api/types'
import { type AgreementValues, bodyOf, valuesOf } from '../src/operator/agreementValues'

const agreement: Agreement = {
  id: '1', number: 'A-1', version: 2, requester: 'a', requester_id: 'a', requester_name_zh: '甲', requester_name_en: 'A', reader: 'b', reader_id: 'b',
  reader_name_zh: '乙', reader_name_en: 'B', valid_from: '2026-01-01', valid_until: null, services: [{ modality: 'US', body_part: '*' }],
  turnarounds: [{ priority: 'ROUTINE', duration: 'P1D' }, { priority: 'URGENT', duration: 'PT4H' }, { priority: 'STAT', duration: 'PT30M' }],
  price_items: [
    { code: 'reading', description_zh: '阅片', description_en: 'Reading', billable_event: 'report_signed', model: null, payer: 'requester', payee: 'reader', tiers: [{ unit_amount_minor: 8000, up_to: 100 }, { unit_amount_minor: 7550, up_to: null }] },
  ],
  models: [{ model: 'fetal_head', mode: 'trial', certificate: null, ethics_protocol: 'E-7' }],
  reading: 'single', consent_attested: true, trial_consent_attested: false, currency: 'CNY',
}

describe('the agreement form', () => {
  it('puts back what it was given', () => {
    const body = bodyOf(valuesOf(agreement, '2026-02-01') as AgreementValues) as { turnarounds: unknown; price_items: unknown; models: unknown }
    expect(body.price_items).toEqual(agreement.price_items)
    expect(body.models).toEqual(agreement.models)
    expect(body.turnarounds).toEqual([{ priority: 'ROUTINE', duration: 'PT86400S' }, { priority: 'URGENT', duration: 'PT14400S' }, { priority: 'STAT', duration: 'PT1800S' }])
    expect(body).not.toHaveProperty('number')
  })

  it('drops the ground that the chosen mode does not name', () => {
    const values = valuesOf(agreement, '2026-02-01') as AgreementValues
    const body = bodyOf({ ...values, models: [{ model: 'm', mode: 'shadow', ethics_protocol: 'left over' }] }) as { models: unknown }
    expect(body.models).toEqual([{ model: 'm', mode: 'shadow', certificate: null, ethics_protocol: null }])
  })
})
