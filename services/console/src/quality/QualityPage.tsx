import { useQuery } from '@tanstack/react-query'
import { Card, Flex, Select, Statistic } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Quality, ReviewedFindings, Turnaround } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { BarChart } from '../ui/BarChart'
import { type Column, DataTable } from '../ui/DataTable'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { PriorityTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { byPriority, decided, percent, total } from './figures'
import { Refusals } from './Refusals'

const WINDOWS = [7, 30, 90, 365] as const

/** How reports are made: in time or not, what became of the AI's findings, and what was refused on the way in. */
export function QualityPage() {
  const { t } = useTranslation()
  const [days, setDays] = useState<number>(30)
  const quality = useQuery({
    queryKey: ['quality', days],
    queryFn: ({ signal }) => getJson<Quality>(withQuery('/api/reporting/v1/quality', { days }), signal),
    refetchInterval: 60_000,
  })
  return (
    <PageFrame
      title={t('menu.quality')}
      hint={t('quality.hint')}
      actions={
        <Select
          aria-label={t('quality.window')}
          className="field"
          value={days}
          onChange={setDays}
          options={WINDOWS.map((value) => ({ value, label: t('quality.days', { days: value }) }))}
        />
      }
    >
      {quality.isPending && <Loading />}
      {quality.error && <ErrorNotice error={quality.error} onRetry={() => void quality.refetch()} />}
      {quality.data && <Figures quality={quality.data} />}
      {quality.data && <Refusals since={quality.data.since} />}
    </PageFrame>
  )
}

function Figures({ quality: { turnaround, findings } }: { quality: Quality }) {
  const { t } = useTranslation()
  const format = useFormat()
  const share = (part: number, whole: number) => {
    const value = percent(part, whole)
    return value === null ? '—' : `${format.number(value)} %`
  }
  const signed = total(turnaround, (row) => row.signed)
  return (
    <>
      <Flex wrap gap={32} data-testid="quality-totals">
        <Statistic title={t('quality.signed')} value={format.number(signed)} />
        <Statistic title={t('quality.inTimeShare')} value={share(total(turnaround, (row) => row.in_time), signed)} />
        <Statistic title={t('quality.open')} value={format.number(total(turnaround, (row) => row.open))} />
        <Statistic title={t('quality.overdue')} value={format.number(total(turnaround, (row) => row.overdue))} />
        <Statistic title={t('quality.acceptedShare')} value={share(total(findings, (row) => row.accepted), total(findings, decided))} />
      </Flex>
      <TurnaroundCard rows={turnaround} share={share} />
      <FindingsCard rows={findings} share={share} />
    </>
  )
}

type Share = (part: number, whole: number) => string

function TurnaroundCard({ rows, share }: { rows: Turnaround[]; share: Share }) {
  const { t } = useTranslation()
  const format = useFormat()
  const chart = useMemo(() => {
    const bars = byPriority(rows)
    return {
      categories: bars.map((bar) => t(`priority.${bar.priority}`)),
      series: [
        { name: t('quality.inTime'), colour: '#2a7a2a', values: bars.map((bar) => bar.inTime) },
        { name: t('quality.late'), colour: '#d98a1f', values: bars.map((bar) => bar.late) },
        { name: t('quality.overdue'), colour: '#b42318', values: bars.map((bar) => bar.overdue) },
      ],
    }
  }, [rows, t])
  const span = (minutes: number | null) => (minutes === null ? '—' : format.span(minutes))
  const columns: Column<Turnaround>[] = [
    { key: 'side', title: t('quality.side'), render: (row) => t(`quality.${row.side}`) },
    { key: 'partner', title: t('quality.partner'), render: (row) => format.name({ name_zh: row.partner_name_zh, name_en: row.partner_name_en }) },
    { key: 'priority', title: t('task.priority'), render: (row) => <PriorityTag priority={row.priority} /> },
    { key: 'signed', title: t('quality.signed'), align: 'right', render: (row) => <span className="number">{format.number(row.signed)}</span> },
    { key: 'inTime', title: t('quality.inTimeShare'), align: 'right', render: (row) => <span className="number">{share(row.in_time, row.signed)}</span> },
    { key: 'median', title: t('quality.median'), align: 'right', render: (row) => <span className="number">{span(row.median_minutes)}</span> },
    { key: 'p90', title: t('quality.p90'), align: 'right', render: (row) => <span className="number">{span(row.p90_minutes)}</span> },
    { key: 'open', title: t('quality.open'), align: 'right', render: (row) => <span className="number">{format.number(row.open)}</span> },
    { key: 'overdue', title: t('quality.overdue'), align: 'right', render: (row) => <span className="number">{format.number(row.overdue)}</span> },
  ]
  return (
    <Card title={t('quality.turnaround')}>
      {rows.length > 0 && <BarChart label={t('quality.turnaroundChart')} {...chart} stacked testId="turnaround-chart" />}
      <DataTable
        label={t('quality.turnaround')}
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.side}/${row.partner_id}/${row.priority}`}
        empty={t('quality.noReports')}
      />
    </Card>
  )
}

function FindingsCard({ rows, share }: { rows: ReviewedFindings[]; share: Share }) {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const chart = useMemo(
    () => ({
      categories: rows.map((row) => (language === 'zh' ? row.label_zh : row.label_en)),
      series: [
        { name: t('findingState.accepted'), colour: '#2a7a2a', values: rows.map((row) => row.accepted) },
        { name: t('findingState.corrected'), colour: '#d98a1f', values: rows.map((row) => row.corrected) },
        { name: t('findingState.rejected'), colour: '#b42318', values: rows.map((row) => row.rejected) },
      ],
    }),
    [rows, language, t],
  )
  const unit = (row: ReviewedFindings) => (row.unit === 'd' ? t('finding.days') : row.unit)
  const columns: Column<ReviewedFindings>[] = [
    { key: 'model', title: t('model.name'), render: (row) => <span className="mono">{`${row.model} ${row.version}`}</span> },
    { key: 'what', title: t('quality.finding'), render: (row) => (language === 'zh' ? row.label_zh : row.label_en) },
    ...(['accepted', 'corrected', 'rejected'] as const).map((state) => ({
      key: state,
      title: t(`findingState.${state}`),
      align: 'right' as const,
      render: (row: ReviewedFindings) => <span className="number">{`${format.number(row[state])} (${share(row[state], decided(row))})`}</span>,
    })),
    {
      key: 'correction',
      title: t('quality.meanCorrection'),
      align: 'right',
      render: (row) => <span className="number">{row.mean_correction === null ? '—' : `${format.number(row.mean_correction, 1)} ${unit(row)}`}</span>,
    },
  ]
  return (
    <Card title={t('quality.findings')}>
      {rows.length > 0 && <BarChart label={t('quality.findingsChart')} {...chart} stacked testId="findings-chart" />}
      <DataTable label={t('quality.findings')} columns={columns} rows={rows} rowKey={(row) => `${row.model}/${row.version}/${row.code}`} empty={t('quality.noFindings')} />
    </Card>
  )
}
