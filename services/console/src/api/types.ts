/** The platform's JSON under the console's own names; the shapes are made from the services (`npm run api`). */
import type { UsageView } from './generated/billing'
import type { AgreementView, MachinePut, MembershipPut, Me as MeView, ModelPermission } from './generated/directory'
import type { ExamView } from './generated/ingest'
import type { FindingView, ReportView, TaskView } from './generated/reporting'

export type { Money, UsageView as Usage } from './generated/billing'
export type {
  AgreementHistory, AgreementView as Agreement, BillableEvent, ChangeView as Change, DeviceView as Device, GateMode, Me, MembershipView as Membership, OrganisationView as Organisation,
  Party, PriceItem, Reading, Role, Tier,
} from './generated/directory'
export type {
  ComparisonView as Comparison, DriftView as Drift, ModelView as Model, ShiftView as Shift, SliceView as DriftSlice, StandingView as Standing, Verdict, VersionView as ModelVersion,
} from './generated/inference'
export type { ExamView as Exam, PatientView as Patient, RefusalView as Refusal } from './generated/ingest'
export type {
  AnchorView as Anchor, ContradictionView as Contradiction, SilenceView as Silence, FailureView as Failure, DecisionBody as FindingDecision, DraftBody as Draft, FindingView as Finding, QualityView as Quality, ReadingView as FirstReading,
  ReportView as Report, Review as FindingState, ReviewView as ReviewedFindings, TaskView as Task, TurnaroundView as Turnaround, VersionView as ReportVersion,
} from './generated/reporting'

export interface Page<T> {
  items: T[]
  next?: string | null
}

export type Priority = ExamView['priority']
export type ExamState = ExamView['state']
export type ReportState = ExamView['report_state']
export type Coverage = ExamView['coverage']
export type UsageState = UsageView['state']
export type TaskState = TaskView['state']
export type AiState = TaskView['ai']
export type ContourPoint = FindingView['anchor']['contour'][number]

export const ROLES = ['clinic_staff', 'expert', 'quality_manager', 'billing_admin', 'operator'] as const satisfies readonly MeView['roles'][number][]
export const PRIORITIES = ['ROUTINE', 'URGENT', 'STAT'] as const satisfies readonly Priority[]
export const EXAM_STATES = ['receiving', 'completed', 'amended'] as const satisfies readonly ExamState[]
export const TASK_STATES = ['unassigned', 'claimed', 'drafting', 'awaiting_second', 'signed', 'amended'] as const satisfies readonly ReportView['state'][]
export const PARTIES = ['requester', 'reader', 'platform'] as const satisfies readonly AgreementView['price_items'][number]['payer'][]
export const BILLABLE_EVENTS = ['report_signed', 'analysis_completed'] as const satisfies readonly AgreementView['price_items'][number]['billable_event'][]
export const GATE_MODES = ['approved', 'trial', 'shadow'] as const satisfies readonly ModelPermission['mode'][]
export const READINGS = ['single', 'double'] as const satisfies readonly AgreementView['reading'][]

/** What a PUT did: secrets are told this once. */
export type PutAnswer = Pick<MembershipPut, 'outcome' | 'password'> & Pick<MachinePut, 'client_secret'>
