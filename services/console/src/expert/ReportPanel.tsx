import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Descriptions, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { changeTask, WORKLIST } from '../api/reporting'
import type { Finding, Report, Task } from '../api/types'
import { useMe } from '../app/me'
import { ErrorNotice, Loading } from '../ui/Notice'
import { patientName } from '../ui/patient'
import { AiTag, PriorityTag, TaskStateTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { DraftEditor } from './DraftEditor'
import { FirstReading } from './FirstReading'
import { SecondReading } from './SecondReading'
import { SignedReport } from './SignedReport'
import { useLease } from './useLease'

interface Props {
  task: Task
  report: Report | null
  loading: boolean
  selected: string | null
  onChoose: (finding: Finding) => void
  onShown: (findings: Finding[]) => void
}

/** Whose exam it is, who holds it, and the report in the state it has. */
export function ReportPanel({ task, report, loading, selected, onChoose, onShown }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const me = useMe()
  const done = task.state === 'signed' || task.state === 'amended'
  const mine = task.claimed_by?.subject === me.subject && !done
  const lost = useLease(task.id, mine)
  const choice = { selected, onChoose, onShown }
  const signedFirst = !done && task.first_signed?.subject === me.subject
  return (
    <Flex vertical gap={12}>
      <Descriptions
        size="small"
        column={2}
        title={patientName(task.patient)}
        extra={<TaskStateTag state={task.state} />}
        items={[
          { key: 'id', label: t('exam.patientId'), children: task.patient.id || '—' },
          { key: 'birth', label: t('exam.birthDate'), children: format.date(task.patient.birth_date) },
          { key: 'what', label: t('exam.what'), children: [task.modality, task.body_part].filter(Boolean).join(' · ') },
          { key: 'priority', label: t('task.priority'), children: <PriorityTag priority={task.priority} /> },
          ...(task.double_reading ? [{ key: 'reading', label: t('agreement.reading'), span: 2, children: t('reading.double') }] : []),
          { key: 'due', label: t('task.due'), children: format.dateTime(task.due_at) },
          { key: 'ai', label: t('task.ai'), children: <AiTag state={task.ai} /> },
          { key: 'from', label: t('task.from'), span: 2, children: format.name({ name_zh: task.organisation_name_zh, name_en: task.organisation_name_en }) },
        ]}
      />
      {lost && <Alert type="warning" showIcon role="alert" title={t('read.leaseLost')} description={t('read.leaseLostNext')} />}
      {done && task.new_images && <Alert type="warning" showIcon title={t('read.newImages')} data-testid="new-images" />}
      {signedFirst && <Alert type="success" showIcon title={t('second.waiting')} description={t('second.waitingNext')} data-testid="signed-first" />}
      {!done && !mine && !signedFirst && <Claim task={task} />}
      {loading && <Loading />}
      {report && !done && !mine && <FirstReading report={report} selected={selected} onChoose={onChoose} />}
      {report && mine && report.first_reading !== null && <SecondReading key={report.id} task={task} report={report} {...choice} />}
      {report && mine && report.first_reading === null && <DraftEditor key={`${report.id}/${report.findings.length}`} task={task} report={report} {...choice} />}
      {report && done && <SignedReport key={report.version} task={task} report={report} {...choice} />}
    </Flex>
  )
}

function Claim({ task }: { task: Task }) {
  const { t } = useTranslation()
  const format = useFormat()
  const queries = useQueryClient()
  const claim = useMutation({
    mutationFn: () => changeTask(task.id, 'claim'),
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['task', task.id] }), queries.invalidateQueries({ queryKey: [WORKLIST] })]),
  })
  return (
    <Flex vertical gap={8}>
      <Alert
        type="info"
        showIcon
        title={task.claimed_by ? t('read.heldBy', { name: task.claimed_by.display_name, until: format.dateTime(task.claimed_by.until) }) : t(task.state === 'awaiting_second' ? 'second.free' : 'read.free')}
        action={
          <Button type="primary" loading={claim.isPending} onClick={() => claim.mutate()} data-testid="claim">
            {t('task.claim')}
          </Button>
        }
      />
      {claim.error && <ErrorNotice error={claim.error} />}
    </Flex>
  )
}
