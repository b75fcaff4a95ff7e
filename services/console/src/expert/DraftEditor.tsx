import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Checkbox, Divider, Flex, Typography } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem'
import { sign, WORKLIST } from '../api/reporting'
import type { Finding, Report, Task } from '../api/types'
import { ErrorNotice, Nothing } from '../ui/Notice'
import { decide, undecided, withDecision } from './draft'
import { FindingCard } from './FindingCard'
import { Offer } from './Offer'
import { ReportFields } from './ReportFields'
import { useDraft } from './useDraft'

interface Props {
  task: Task
  report: Report
  selected: string | null
  onChoose: (finding: Finding) => void
  onShown: (findings: Finding[]) => void
}

/** The findings to decide and the report to write, saved as one goes, and the signature. */
export function DraftEditor({ task, report, selected, onChoose, onShown }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const { draft, edit, state, problem, flush } = useDraft(report, true)
  const [attested, setAttested] = useState(false)
  const findings = useMemo(() => report.findings.map((finding) => withDecision(finding, draft)), [report.findings, draft])
  useEffect(() => onShown(findings), [findings, onShown])
  const open = undecided(draft)
  const signing = useMutation({
    mutationFn: async () => {
      if (!(await flush())) throw new Problem(412, 'PreconditionFailed', '')
      return sign(report.id)
    },
    onSuccess: async () => {
      void message.success(t('report.signedNow'))
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['task', task.id] }),
        queries.invalidateQueries({ queryKey: ['report', report.id] }),
        queries.invalidateQueries({ queryKey: [WORKLIST] }),
      ])
    },
  })
  const reload = async () => {
    await queries.resetQueries({ queryKey: ['report', report.id] })
  }
  return (
    <Flex vertical gap={12}>
      <Offer report={report} before={flush} />
      <Typography.Title level={2} className="section-title">
        {t('read.findings')}
      </Typography.Title>
      {findings.length === 0 && <Nothing>{t('read.noFindings')}</Nothing>}
      {findings.map((finding) => (
        <FindingCard
          key={finding.finding_id}
          finding={finding}
          selected={finding.finding_id === selected}
          onChoose={onChoose}
          onDecide={(decision) => edit((before) => decide(before, decision))}
        />
      ))}
      <Divider className="slim" />
      <ReportFields draft={draft} onEdit={edit} />
      <Flex gap={8} align="center" role="status" data-testid="save-state" data-state={state}>
        <Typography.Text type={state === 'failed' ? 'danger' : 'secondary'}>{t(`saveState.${state}`)}</Typography.Text>
      </Flex>
      {problem && (
        <>
          <ErrorNotice error={problem} onRetry={() => void flush()} />
          {problem.status === 412 && <Button onClick={() => void reload()}>{t('read.reload')}</Button>}
        </>
      )}
      {open > 0 && <Alert type="warning" showIcon title={t('read.undecided', { count: open })} />}
      <Checkbox checked={attested} onChange={(event) => setAttested(event.target.checked)} data-testid="attestation">
        {t('report.attestation')}
      </Checkbox>
      <Button type="primary" size="large" disabled={!attested} loading={signing.isPending} onClick={() => signing.mutate()} data-testid="sign">
        {t('report.sign')}
      </Button>
      {signing.error && <ErrorNotice error={signing.error} />}
    </Flex>
  )
}
