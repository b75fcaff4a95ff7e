/** The platform's JSON, as docs/plan.md states it: snake_case, times RFC 3339, money in minor units. The one place of API types. */

export interface Page<T> {
  items: T[]
  next: string | null
}

export interface Money {
  amount_minor: number
  currency: string
}

export const ROLES = ['clinic_staff', 'expert', 'quality_manager', 'billing_admin', 'operator'] as const
export type Role = (typeof ROLES)[number]

export interface Me {
  subject: string
  username: string
  display_name: string
  organisation: { id: string; alias: string; name_zh: string; name_en: string; time_zone: string; platform: boolean }
  roles: Role[]
}

export interface Patient {
  name: string
  name_ideographic: string
  id: string
  birth_date: string | null
  sex: string | null
}

export const PRIORITIES = ['ROUTINE', 'URGENT', 'STAT'] as const
export type Priority = (typeof PRIORITIES)[number]

export const EXAM_STATES = ['receiving', 'completed', 'amended'] as const
export type ExamState = (typeof EXAM_STATES)[number]
export type ReportState = 'none' | 'signed' | 'amended'
export type Coverage = 'crosses' | 'no_agreement' | 'no_consent'

export interface Exam {
  id: string
  study_instance_uid: string
  organisation_id: string
  state: ExamState
  report_state: ReportState
  patient: Patient
  modality: string
  body_part: string
  accession_number: string
  study_description: string
  priority: Priority
  service_date: string
  first_instance_at: string
  instances: number
  frames: number
  coverage: Coverage
  reader_id: string | null
  consent_recorded: boolean
  trial_consent_recorded: boolean
  trace_id: string
  revision: number
  missing: string[]
}

export interface Refusal {
  id: string
  refused_at: string
  protocol: string
  sender: string
  reason: string
  detail: string
  advice: string
  study_instance_uid: string | null
  sop_instance_uid: string | null
}

export const TASK_STATES = ['unassigned', 'claimed', 'drafting', 'awaiting_second', 'signed', 'amended'] as const
export type TaskState = (typeof TASK_STATES)[number]
export type AiState = 'completed' | 'skipped' | 'failed' | 'pending'

export interface Task {
  id: string
  exam_id: string
  organisation_id: string
  organisation_name_zh: string
  organisation_name_en: string
  study_instance_uid: string
  patient: Patient
  modality: string
  body_part: string
  study_description: string
  priority: Priority
  state: TaskState
  due_at: string | null
  overdue: boolean
  claimed_by: { subject: string; display_name: string; until: string } | null
  ai: AiState
  report_id: string | null
  new_images: boolean
  version: number
}

export type FindingState = 'proposed' | 'accepted' | 'corrected' | 'rejected'

/** Column and row as SCOORD has them: 0.5 is the centre of the first. */
export type ContourPoint = [number, number]

/** Where a finding stands; frames count from 1. */
export interface Anchor {
  sop_instance_uid: string
  series_instance_uid: string
  first_frame: number
  last_frame: number
  contour: ContourPoint[]
}

export interface Finding {
  finding_id: string
  code: string
  label_zh: string
  label_en: string
  value: number
  unit: string
  lower: number | null
  upper: number | null
  certainty_percent: number | null
  state: FindingState
  corrected_value: number | null
  reviewed_by: string | null
  anchor: Anchor
  model: { name: string; version: string; mode: GateMode } | null
}

export interface FindingDecision {
  finding_id: string
  state: FindingState
  corrected_value?: number
}

export interface Draft {
  findings: FindingDecision[]
  description: string
  impression: string
  recommendation: string
  critical: boolean
}

/** A signed version; `signed_by` is the signer's name. */
export interface ReportVersion {
  report_id: string
  version: number
  kind: string
  exam_id: string
  study_instance_uid: string
  signed_at: string
  signed_by: string
  critical: boolean
  investigational: boolean
  impression: string
}

export interface Report {
  id: string
  task_id: string
  exam_id: string
  state: TaskState
  version: number
  etag: string
  findings: Finding[]
  offered: Finding[]
  is_offered: boolean
  new_images: boolean
  description: string
  impression: string
  recommendation: string
  critical: boolean
  versions: ReportVersion[]
}

export type UsageState = 'provisional' | 'invoiced' | 'reversed'

export interface Usage {
  id: string
  exam_id: string
  organisation_id: string
  study_instance_uid: string | null
  service_date: string
  agreement_id: string
  agreement_number: string
  agreement_version: number
  item_code: string
  description_zh: string
  description_en: string
  payer_id: string
  payee_id: string
  payer_name_zh: string
  payer_name_en: string
  payee_name_zh: string
  payee_name_en: string
  quantity: number
  amount: Money
  state: UsageState
  corrects_usage_id: string | null
  reason: string
  invoice_id: string | null
  invoice_number: string | null
  line_id: string | null
}

export const PARTIES = ['requester', 'reader', 'platform'] as const
export type Party = (typeof PARTIES)[number]
export const BILLABLE_EVENTS = ['report_signed', 'analysis_completed'] as const
export type BillableEvent = (typeof BILLABLE_EVENTS)[number]
export const GATE_MODES = ['approved', 'trial', 'shadow'] as const
export type GateMode = (typeof GATE_MODES)[number]
export const READINGS = ['single', 'double'] as const
export type Reading = (typeof READINGS)[number]

export interface Organisation {
  id: string
  alias: string
  name_zh: string
  name_en: string
  time_zone: string
  unified_social_credit_code: string | null
  platform: boolean
  quiet_period: string
  active: boolean
  revision: number
}

export interface Device {
  id: string
  organisation_id: string
  organisation: string
  ae_title: string
  host: string | null
  port: number | null
  description: string
  active: boolean
}

export interface Membership {
  id: string
  organisation_id: string
  organisation: string
  subject: string
  username: string
  display_name: string
  roles: Role[]
  machine: boolean
  active: boolean
}

export interface Tier {
  unit_amount_minor: number
  up_to: number | null
}

export interface PriceItem {
  code: string
  description_zh: string
  description_en: string
  billable_event: BillableEvent
  model: string | null
  payer: Party
  payee: Party
  tiers: Tier[]
}

export interface Terms {
  valid_from: string
  valid_until: string | null
  services: { modality: string; body_part: string }[]
  turnarounds: { priority: Priority; duration: string }[]
  price_items: PriceItem[]
  models: { model: string; mode: GateMode; certificate: string | null; ethics_protocol: string | null }[]
  reading: Reading
  consent_attested: boolean
  trial_consent_attested: boolean
  currency: string
}

export interface Agreement extends Terms {
  id: string
  number: string
  version: number
  requester: string
  requester_id: string
  requester_name_zh: string
  requester_name_en: string
  reader: string
  reader_id: string
  reader_name_zh: string
  reader_name_en: string
}

export interface AgreementHistory extends Agreement {
  versions: { version: number; valid_from: string; valid_until: string | null }[]
}

/** What a PUT did: secrets are told this once. */
export interface PutAnswer {
  outcome: string
  password?: string | null
  client_secret?: string | null
}
