import type { Money } from '../api/types'

interface Parties {
  payer_id: string
  payee_id: string
  payer_name_zh: string
  payer_name_en: string
  payee_name_zh: string
  payee_name_en: string
}

export interface StatementLine extends Parties {
  item_code: string
  description_zh: string
  description_en: string
  quantity: number
  amount: Money
}

export interface Statement {
  through: string
  items: StatementLine[]
}

export interface ByDay {
  items: { service_date: string; quantity: number; payable: Money; receivable: Money }[]
}

export interface InvoiceLine {
  id: string
  usage_id: string
  exam_id: string
  service_date: string
  item_code: string
  description_zh: string
  description_en: string
  quantity: number
  amount: Money
}

export interface Invoice extends Parties {
  id: string
  number: string
  total: Money
  issued_at: string
  closed_through: string
  lines?: InvoiceLine[]
}

export interface Settlement {
  id: string
  organisation_id: string
  organisation_name_zh: string
  organisation_name_en: string
  closed_through: string
  payable: Money
  receivable: Money
  net: Money
}

export interface Period {
  id: string
  through: string
  closed_at: string
}

export interface Trace {
  line: InvoiceLine | null
  usage: { id: string; item_code: string; service_date: string; quantity: number; amount: Money }
  exam: { id: string; study_instance_uid: string; organisation_id: string; service_date: string }
  events: { id: string; type: string; time: string; trace_id: string }[]
  report: { id: string; version: number; signed_at: string } | null
  analysis: { id: string; completed_at: string } | null
  agreement: { id: string; number: string; version: number; valid_from: string }
  postings: { account: string; amount: Money }[]
  trace_id: string
}
