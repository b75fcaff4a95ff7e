import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Divider, Flex, Typography } from 'antd'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { getReport } from '../api/reporting'
import type { Finding, Report, Task } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { ErrorNotice, Nothing } from '../ui/Notice'
import { decide, stated, viewsNow } from './draft'
import { FindingCard } from './FindingCard'
import { Hints } from './Hints'
import { Offer } from './Offer'
import { ReportFields } from './ReportFields'
import { SignButton } from './SignButton'
import { withSentences } from './stated'
import { useDraft } from './useDraft'
import { useInOrder } from './where'

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
  const queries = useQueryClient()
  const language = useLanguage()
  const { draft, edit, state, problem, flush, edition, stored } = useDraft(report, true)
  const findings = useInOrder(useMemo(() => stated(report, draft), [report, draft]))
  useEffect(() => onShown([...findings, ...report.hints]), [findings, report.hints, onShown])
  const views = viewsNow(report, stored)
  const open = findings.filter((one) => one.state === 'proposed').length
  const isHint = (finding: Finding) => report.hints.some((one) => one.finding_id === finding.finding_id)
  const before = async () => {
    const failure = await flush()
    if (failure !== null) throw failure
    return edition()
  }
  /** What was decided, as the service words it: it knows the saved draft, so that is saved first. */
  const insert = async () => {
    if ((await flush()) !== null) return
    const now = await getReport(report.id)
    edit((before) => ({ ...before, description: withSentences(before.description, now.findings, language) }))
  }
  const reload = async () => {
    await queries.resetQueries({ queryKey: ['report', report.id] })
  }
  return (
    <Flex vertical gap={12}>
      <Offer report={report} before={before} />
      <Hints
        report={report}
        decided={findings}
        selected={selected}
        onChoose={onChoose}
        onDecide={(decision) => edit((before) => decide(before, decision))}
      />
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
          optional={isHint(finding)}
          onDecide={(decision) => edit((before) => decide(before, decision))}
        />
      ))}
      <Divider className="slim" />
      {findings.length > 0 && (
        <div>
          <Button onClick={() => void insert()} data-testid="insert-sentences">
            {t('read.insert')}
          </Button>
        </div>
      )}
      {views !== null && <Alert type="warning" showIcon title={views === '' ? t('read.noViews') : t('read.viewsNow', { views })} data-testid="views-differ" />}
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
      <SignButton task={task} report={report} before={before} />
    </Flex>
  )
}
