import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Checkbox, Flex, Typography } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addendum } from '../api/reporting'
import type { Finding, Report, Task } from '../api/types'
import { useHas } from '../app/me'
import { ErrorNotice } from '../ui/Notice'
import { ReportLinks } from '../ui/ReportLinks'
import { useFormat } from '../ui/useFormat'
import { decide, draftOf, fitted, undecided, withDecision } from './draft'
import { FindingCard } from './FindingCard'
import { Offer } from './Offer'
import { ReportFields } from './ReportFields'
import { useInOrder } from './where'

interface Props {
  task: Task
  report: Report
  selected: string | null
  onChoose: (finding: Finding) => void
  onShown: (findings: Finding[]) => void
}

/** A signed report stands as it is; what comes later is an addendum, a new version. */
export function SignedReport({ task, report, selected, onChoose, onShown }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const expert = useHas('expert')
  const [writing, setWriting] = useState(false)
  const findings = useInOrder(report.findings)
  useEffect(() => onShown(report.findings), [report.findings, onShown])
  return (
    <Flex vertical gap={12}>
      <Alert type="success" showIcon title={t('report.signedVersion', { version: report.version })} data-testid="signed" />
      <ReportLinks reportId={report.id} studyUid={task.study_instance_uid} version={report.version} />
      {report.critical && <Alert type="error" showIcon title={t('report.critical')} />}
      {!writing && (
        <>
          {findings.map((finding) => (
            <FindingCard key={finding.finding_id} finding={finding} selected={finding.finding_id === selected} onChoose={onChoose} />
          ))}
          {(['description', 'impression', 'recommendation'] as const).map((field) => (
            <div key={field}>
              <Typography.Text strong>{t(`report.${field}`)}</Typography.Text>
              <Typography.Paragraph className="prose">{report[field] || '—'}</Typography.Paragraph>
            </div>
          ))}
          <Typography.Text strong>{t('report.versions')}</Typography.Text>
          <ul className="plain">
            {report.versions.map((version) => (
              <li key={version.version}>
                {t('report.versionLine', { version: version.version, at: format.dateTime(version.signed_at), by: version.signed_by })}
              </li>
            ))}
          </ul>
          {expert && (
            <Button onClick={() => setWriting(true)} data-testid="addendum">
              {t('report.addendum')}
            </Button>
          )}
        </>
      )}
      {writing && <Addendum task={task} report={report} selected={selected} onChoose={onChoose} onClose={() => setWriting(false)} />}
    </Flex>
  )
}

interface AddendumProps extends Omit<Props, 'onShown'> {
  onClose: () => void
}

function Addendum({ task, report, selected, onChoose, onClose }: AddendumProps) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [draft, setDraft] = useState(() => draftOf(report))
  const [attested, setAttested] = useState(false)
  const save = useMutation({
    mutationFn: () => addendum(report.id, fitted(draft, report)),
    onSuccess: async () => {
      void message.success(t('report.signedNow'))
      onClose()
      await Promise.all([queries.invalidateQueries({ queryKey: ['task', task.id] }), queries.invalidateQueries({ queryKey: ['report', report.id] })])
    },
  })
  const findings = useInOrder(report.findings)
  const open = undecided(fitted(draft, report))
  return (
    <Flex vertical gap={12}>
      <Typography.Text>{t('report.addendumHint')}</Typography.Text>
      <Offer report={report} before={() => Promise.resolve()} />
      {findings.map((finding) => (
        <FindingCard
          key={finding.finding_id}
          finding={withDecision(finding, draft)}
          selected={finding.finding_id === selected}
          onChoose={onChoose}
          onDecide={(decision) => setDraft((before) => decide(before, decision))}
        />
      ))}
      <ReportFields draft={draft} onEdit={setDraft} />
      {open > 0 && <Alert type="warning" showIcon title={t('read.undecided', { count: open })} />}
      <Checkbox checked={attested} onChange={(event) => setAttested(event.target.checked)} data-testid="attestation">
        {t('report.attestation')}
      </Checkbox>
      <Flex gap={8} wrap>
        <Button type="primary" disabled={!attested} loading={save.isPending} onClick={() => save.mutate()} data-testid="sign-addendum">
          {t('report.signAddendum')}
        </Button>
        <Button onClick={onClose}>{t('action.cancel')}</Button>
      </Flex>
      {save.error && <ErrorNotice error={save.error} />}
    </Flex>
  )
}
