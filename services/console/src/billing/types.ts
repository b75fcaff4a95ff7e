import type { Money } from '../api/types'

export interface StatementLine {
  payer_id: string
  payer_name_zh: string
  payer_name_en: string
  payee_id: string
  payee_name_zh: string
  payee_name_en: string
  agreement_id: string
  agreement_number: string
  item_code: string
  description_zh: string
  description_en: string
  quantity: number
  amount: Money
}

export interface Day {
  date: string
  quantity: number
  owes: Money
  earns: Money
  provisional: Money
}

/** A party as it stood when the document was issued. */
export interface PartyView {
  id: string
  alias: string
  name_zh: string
  name_en: string
}

export interface InvoiceLine {
  id: string
  usage_id: string
  exam_id: string
  study_instance_uid: string | null
  service_date: string
  item_code: string
  description_zh: string
  description_en: string
  ordinal: number | null
  quantity: number
  unit_amount: Money
  amount: Money
}

export interface Invoice {
  id: string
  number: string
  period_id: string
  through: string
  issued_at: string
  payer: PartyView
  payee: PartyView
  total: Money
}

export interface InvoiceWithLines extends Invoice {
  lines: InvoiceLine[]
}

export interface Settlement {
  id: string
  period_id: string
  through: string
  organisation: PartyView
  owes: Money
  earns: Money
  net: Money
}

export interface Period {
  id: string
  through: string
  state: 'rating' | 'invoicing' | 'closed'
  closed_at: string | null
}

export interface Trace {
  line: {
    id: string
    invoice_id: string
    invoice_number: string
    issued_at: string
    item_code: string
    description_zh: string
    description_en: string
    ordinal: number | null
    quantity: number
    unit_amount: Money
    amount: Money
  }
  usage: { id: string; service_date: string; recorded_at: string; reason: string }
  exam: { id: string; organisation_id: string; study_instance_uid: string | null; service_date: string }
  events: { id: string; type: string; time: string; trace_id: string }[]
  report: { id: string; version: number; signed_at: string } | null
  analysis: { id: string; completed_at: string | null; investigational: boolean } | null
  agreement: { id: string; number: string; version: number; valid_from: string }
  postings: { transaction_id: string; account_id: string; kind: 'receivable' | 'revenue' | 'payable' | 'expense'; amount: Money }[]
  trace_id: string
}
