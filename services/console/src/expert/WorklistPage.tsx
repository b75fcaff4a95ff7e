import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Flex, Select, Switch, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router-dom'
import { changeTask, WORKLIST } from '../api/reporting'
import { type Task, TASK_STATES, type TaskState } from '../api/types'
import { useMe } from '../app/me'
import { type Column, DataTable } from '../ui/DataTable'
import { useProblemText } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { patientName } from '../ui/patient'
import { AiTag, PriorityTag, TaskStateTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { useNow } from '../ui/useNow'
import { usePages } from '../ui/usePages'

const REFRESH_MS = 10_000

/** What is to be read: by priority and due time, who holds it, whether AI has read it. */
export function WorklistPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const me = useMe()
  const [address, setAddress] = useSearchParams()
  const state = TASK_STATES.find((one) => one === address.get('state'))
  const mine = address.get('mine') === 'true'
  const filter = (next: { state: TaskState | undefined; mine: boolean }) =>
    setAddress({ ...(next.state && { state: next.state }), ...(next.mine && { mine: 'true' }) }, { replace: true })
  const tasks = usePages<Task>(WORKLIST, { state, mine: mine || undefined }, REFRESH_MS)
  const columns: Column<Task>[] = [
    { key: 'priority', title: t('task.priority'), render: (task) => <PriorityTag priority={task.priority} /> },
    { key: 'due', title: t('task.due'), render: (task) => <Due task={task} /> },
    { key: 'patient', title: t('exam.patient'), render: (task) => patientName(task.patient) },
    { key: 'what', title: t('exam.what'), render: (task) => [task.modality, task.body_part, task.study_description].filter(Boolean).join(' · ') },
    {
      key: 'from',
      title: t('task.from'),
      render: (task) => format.name({ name_zh: task.organisation_name_zh, name_en: task.organisation_name_en }),
    },
    { key: 'ai', title: t('task.ai'), render: (task) => <AiTag state={task.ai} /> },
    { key: 'state', title: t('task.state'), render: (task) => <State task={task} /> },
    { key: 'holder', title: t('task.holder'), render: (task) => (task.claimed_by?.subject === me.subject ? t('task.me') : (task.claimed_by?.display_name ?? '—')) },
    { key: 'do', title: t('task.do'), render: (task) => <Actions task={task} /> },
  ]
  return (
    <PageFrame
      title={t('menu.worklist')}
      actions={
        <Flex wrap gap={12} align="center">
          <Flex gap={6} align="center">
            <Switch checked={mine} onChange={(next) => filter({ state, mine: next })} aria-label={t('task.onlyMine')} />
            <span aria-hidden>{t('task.onlyMine')}</span>
          </Flex>
          <Select<TaskState>
            allowClear
            aria-label={t('task.state')}
            placeholder={t('task.open')}
            className="field"
            value={state ?? null}
            onChange={(next: TaskState | undefined) => filter({ state: next, mine })}
            options={TASK_STATES.map((value) => ({ value, label: t(`taskState.${value}`) }))}
          />
        </Flex>
      }
    >
      <DataTable {...tasks} label={t('menu.worklist')} columns={columns} rowKey={(task) => task.id} empty={t('task.empty')} />
    </PageFrame>
  )
}

function State({ task }: { task: Task }) {
  const { t } = useTranslation()
  const first = task.state === 'awaiting_second' ? task.first_signed : null
  return (
    <Flex vertical gap={2} align="start">
      <TaskStateTag state={task.state} />
      {first && <small>{t('second.firstReader', { name: first.display_name })}</small>}
    </Flex>
  )
}

function Due({ task }: { task: Task }) {
  const { t } = useTranslation()
  const format = useFormat()
  const now = useNow(30_000)
  const minutes = (new Date(task.due_at).getTime() - now) / 60_000
  const done = task.state === 'signed' || task.state === 'amended'
  return (
    <span title={format.dateTime(task.due_at)}>
      {done && format.dateTime(task.due_at)}
      {!done && task.overdue && <Tag color="red">{t('task.overdueBy', { span: format.span(minutes) })}</Tag>}
      {!done && !task.overdue && t('task.dueIn', { span: format.span(minutes) })}
    </span>
  )
}

function Actions({ task }: { task: Task }) {
  const { t } = useTranslation()
  const me = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { message } = App.useApp()
  const problem = useProblemText()
  const change = useMutation({
    mutationFn: (what: 'claim' | 'release') => changeTask(task.id, what),
    onSuccess: async (_, what) => {
      await queries.invalidateQueries({ queryKey: [WORKLIST] })
      if (what === 'claim') void navigate(`/read/${task.id}`)
    },
    onError: (error) => {
      void message.error(problem(error).line)
      void queries.invalidateQueries({ queryKey: [WORKLIST] })
    },
  })
  const done = task.state === 'signed' || task.state === 'amended'
  const held = task.claimed_by !== null
  const own = task.claimed_by?.subject === me.subject
  const signedFirst = task.first_signed?.subject === me.subject
  const free = !done && !held && !signedFirst
  return (
    <Flex wrap gap={6}>
      {free && (
        <Button type="primary" size="small" loading={change.isPending} onClick={() => change.mutate('claim')} data-testid={`claim-${task.exam_id}`}>
          {t(task.state === 'awaiting_second' ? 'second.claim' : 'task.claim')}
        </Button>
      )}
      {!free && (
        <Button type={own && !done ? 'primary' : 'default'} size="small" onClick={() => void navigate(`/read/${task.id}`)} data-testid={`open-${task.exam_id}`}>
          {own && !done ? t('task.continue') : t('task.view')}
        </Button>
      )}
      {own && !done && (
        <Button size="small" loading={change.isPending} onClick={() => change.mutate('release')}>
          {t('task.release')}
        </Button>
      )}
    </Flex>
  )
}
