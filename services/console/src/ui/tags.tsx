import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { AiState, Coverage, ExamState, GateMode, Priority, ReportState, TaskState, UsageState } from '../api/types'

const EXAM = { receiving: 'processing', completed: 'success', amended: 'warning' } as const
const REPORT = { none: 'default', signed: 'success', amended: 'warning' } as const
const COVERAGE = { crosses: 'success', no_agreement: 'error', no_consent: 'warning' } as const
const TASK = { unassigned: 'default', claimed: 'processing', drafting: 'processing', awaiting_second: 'warning', signed: 'success', amended: 'warning' } as const
const AI = { completed: 'success', skipped: 'default', failed: 'error', pending: 'processing' } as const
const PRIORITY = { ROUTINE: 'default', URGENT: 'orange', STAT: 'red' } as const
const USAGE = { provisional: 'processing', invoiced: 'success', reversed: 'default' } as const

export function ExamStateTag({ state }: { state: ExamState }) {
  const { t } = useTranslation()
  return <Tag color={EXAM[state]}>{t(`examState.${state}`)}</Tag>
}

export function ReportStateTag({ state }: { state: ReportState }) {
  const { t } = useTranslation()
  return <Tag color={REPORT[state]}>{t(`reportState.${state}`)}</Tag>
}

export function CoverageTag({ coverage }: { coverage: Coverage }) {
  const { t } = useTranslation()
  return <Tag color={COVERAGE[coverage]}>{t(`coverage.${coverage}`)}</Tag>
}

export function TaskStateTag({ state }: { state: TaskState }) {
  const { t } = useTranslation()
  return <Tag color={TASK[state]}>{t(`taskState.${state}`)}</Tag>
}

export function AiTag({ state }: { state: AiState }) {
  const { t } = useTranslation()
  return <Tag color={AI[state]}>{t(`ai.${state}`)}</Tag>
}

export function PriorityTag({ priority }: { priority: Priority }) {
  const { t } = useTranslation()
  return <Tag color={PRIORITY[priority]}>{t(`priority.${priority}`)}</Tag>
}

export function UsageStateTag({ state }: { state: UsageState }) {
  const { t } = useTranslation()
  return <Tag color={USAGE[state]}>{t(`usageState.${state}`)}</Tag>
}

export function ModeTag({ mode }: { mode: GateMode }) {
  const { t } = useTranslation()
  return <Tag color={mode === 'approved' ? 'success' : mode === 'trial' ? 'warning' : 'default'}>{t(`mode.${mode}`)}</Tag>
}
