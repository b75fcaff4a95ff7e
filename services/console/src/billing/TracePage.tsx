import { useQuery } from '@tanstack/react-query'
import { Card, Flex, Timeline, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { getJson } from '../api/client'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import type { Trace } from './types'

const EVENTS = ['exam_completed', 'exam_amended', 'analysis_completed', 'report_signed'] as const

/** A line's way back, readable from the exam to the ledger. */
export function TracePage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { id = '' } = useParams()
  const trace = useQuery({ queryKey: ['trace', id], queryFn: ({ signal }) => getJson<Trace>(`/api/billing/v1/lines/${id}/trace`, signal) })
  if (trace.isPending) return <Loading />
  if (trace.error) return <ErrorNotice error={trace.error} onRetry={() => void trace.refetch()} />
  const { exam, events, report, analysis, agreement, usage, line, postings, trace_id } = trace.data
  const eventName = (type: string) => {
    const known = EVENTS.find((one) => one === type.replace('.', '_'))
    return known ? t(`eventType.${known}`) : type
  }
  const step = (key: string, title: string, facts: [string, string][]) => ({
    key,
    content: (
      <Flex vertical gap={2} data-testid={`trace-step-${key}`}>
        <strong>{title}</strong>
        {facts.map(([name, value], index) => (
          <span key={`${name}/${index}`} className="wrap">
            {name}: <span className="mono">{value}</span>
          </span>
        ))}
      </Flex>
    ),
  })
  const items = [
    step('exam', t('trace.exam'), [
      [t('usage.date'), format.date(exam.service_date)],
      [t('exam.uid'), exam.study_instance_uid ?? '—'],
      [t('usage.exam'), exam.id],
    ]),
    ...events.map((event, index) => step(`event-${index}`, t('trace.event', { type: eventName(event.type) }), [[t('trace.at'), format.dateTime(event.time)], [t('trace.id'), event.id]])),
    ...(analysis ? [step('analysis', t('trace.analysis'), [[t('trace.at'), format.dateTime(analysis.completed_at)], [t('trace.id'), analysis.id]])] : []),
    ...(report
      ? [step('report', t('trace.report', { version: report.version }), [[t('trace.at'), format.dateTime(report.signed_at)], [t('trace.id'), report.id]])]
      : []),
    step('agreement', t('trace.agreement', { number: agreement.number, version: agreement.version }), [[t('agreement.validFrom'), format.date(agreement.valid_from)]]),
    step('usage', t('trace.usage', { item: format.name({ name_zh: line.description_zh, name_en: line.description_en }) }), [
      [t('trace.at'), format.dateTime(usage.recorded_at)],
      [t('trace.id'), usage.id],
      ...(usage.reason ? [[t('usage.reason'), usage.reason] as [string, string]] : []),
    ]),
    step('line', t('trace.line', { number: line.invoice_number, amount: format.money(line.amount) }), [
      [t('usage.quantity'), format.number(line.quantity)],
      [t('trace.unit'), format.money(line.unit_amount)],
      ...(line.ordinal === null ? [] : [[t('trace.ordinal'), format.number(line.ordinal)] as [string, string]]),
      [t('trace.id'), line.id],
    ]),
    ...(postings.length > 0
      ? [step('postings', t('trace.postings'), postings.map((posting): [string, string] => [t(`account.${posting.kind}`), format.money(posting.amount)]))]
      : []),
  ]
  return (
    <PageFrame title={t('trace.title')} hint={t('trace.hint')}>
      <Card>
        <Timeline items={items} data-testid="trace" />
        <Typography.Text type="secondary" className="wrap">
          {t('trace.traceId')}: <span className="mono">{trace_id}</span>
        </Typography.Text>
      </Card>
    </PageFrame>
  )
}
