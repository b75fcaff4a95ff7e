import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Card, Checkbox, Flex, Select, Tag, Typography } from 'antd'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Drift, DriftSlice, Shift, Verdict } from '../api/types'
import { BarChart } from '../ui/BarChart'
import { type Column, DataTable } from '../ui/DataTable'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { byUrgency, drifting, keyOf, MEASURES, type Measure, share, shares, sum, worst } from './drift'

const WINDOWS = [7, 14, 30, 90] as const
const REFERENCE_DAYS = 90
const COLOURS: Record<Verdict, string> = { too_few: 'default', steady: 'success', watch: 'warning', drifts: 'error' }
const TENTHS = Array.from({ length: 10 }, (_, index) => `${String(10 * index)}–${String(10 * (index + 1))}`)

/** Whether the models answer as they did: recent days against those before, by model, version, hospital and scanner. */
export function DriftPage() {
  const { t } = useTranslation()
  const [days, setDays] = useState<number>(14)
  const [byOrganisation, setByOrganisation] = useState(false)
  const [byScanner, setByScanner] = useState(false)
  const query = { days, reference_days: REFERENCE_DAYS, by_organisation: byOrganisation, by_scanner: byScanner }
  const drift = useQuery({
    queryKey: ['drift', query],
    queryFn: ({ signal }) => getJson<Drift>(withQuery('/api/inference/v1/drift', query), signal),
    refetchInterval: 60_000,
    placeholderData: (before) => before,
  })
  return (
    <PageFrame
      title={t('menu.drift')}
      hint={t('drift.hint', { days: REFERENCE_DAYS })}
      actions={
        <Flex wrap gap={12} align="center" role="group" aria-label={t('drift.group')}>
          <Checkbox checked={byOrganisation} onChange={(event) => setByOrganisation(event.target.checked)} data-testid="by-hospital">
            {t('drift.byHospital')}
          </Checkbox>
          <Checkbox checked={byScanner} onChange={(event) => setByScanner(event.target.checked)} data-testid="by-scanner">
            {t('drift.byScanner')}
          </Checkbox>
          <Select
            aria-label={t('quality.window')}
            className="field"
            value={days}
            onChange={setDays}
            options={WINDOWS.map((value) => ({ value, label: t('drift.recent', { days: value }) }))}
          />
        </Flex>
      }
    >
      {drift.isPending && <Loading />}
      {drift.error && <ErrorNotice error={drift.error} onRetry={() => void drift.refetch()} />}
      {drift.data && <Slices drift={drift.data} days={days} />}
    </PageFrame>
  )
}

function useNames() {
  const { t } = useTranslation()
  const format = useFormat()
  return useMemo(() => {
    const hospital = (one: DriftSlice) => format.name({ name_zh: one.name_zh ?? '', name_en: one.name_en ?? '' }) || one.organisation
    const scanner = (one: DriftSlice) => (one.scanner === '' ? t('drift.unknown') : one.scanner)
    const whole = (one: DriftSlice) => [`${one.model} ${one.version}`, hospital(one), scanner(one)].filter(Boolean).join(' · ')
    return { hospital, scanner, whole }
  }, [format, t])
}

function Slices({ drift, days }: { drift: Drift; days: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const name = useNames()
  const rows = useMemo(() => byUrgency(drift.items), [drift.items])
  const [chosen, setChosen] = useState('')
  const slice = rows.find((one) => keyOf(one) === chosen) ?? rows[0]
  const heading = useRef<HTMLHeadingElement>(null)
  /** The charts lie below the table, on a telephone far below: go there. */
  const show = (one: DriftSlice) => {
    setChosen(keyOf(one))
    heading.current?.scrollIntoView()
    heading.current?.focus({ preventScroll: true })
  }
  const both = (one: Shift | null, bin: number, among: number[]) => {
    const percent = (counts?: number[]) => {
      const value = share(counts, bin, among)
      return value === null ? '—' : t('drift.shareOf', { share: format.number(value, 1), count: sum(among.map((index) => counts?.[index] ?? 0)) })
    }
    return (
      <Flex vertical align="end">
        <span className="number">{percent(one?.recent)}</span>
        <Typography.Text type="secondary" className="number">
          {t('drift.was', { value: percent(one?.reference) })}
        </Typography.Text>
      </Flex>
    )
  }
  const columns: Column<DriftSlice>[] = [
    {
      key: 'model',
      title: t('model.name'),
      render: (one) => (
        <span className="mono">
          {`${one.model} ${one.version}`} {!one.shown && <Tag>{t('drift.shadow')}</Tag>}
        </span>
      ),
    },
    ...(rows.some((one) => one.organisation !== null) ? [{ key: 'hospital', title: t('drift.hospital'), render: (one: DriftSlice) => name.hospital(one) ?? '—' }] : []),
    ...(rows.some((one) => one.scanner !== null) ? [{ key: 'scanner', title: t('drift.scanner'), render: (one: DriftSlice) => name.scanner(one) ?? '—' }] : []),
    {
      key: 'runs',
      title: t('drift.runs'),
      align: 'right',
      render: (one) => (
        <Flex vertical align="end">
          <span className="number">{format.number(sum(one.outcome?.recent ?? []))}</span>
          <Typography.Text type="secondary" className="number">
            {t('drift.was', { value: format.number(sum(one.outcome?.reference ?? [])) })}
          </Typography.Text>
        </Flex>
      ),
    },
    { key: 'refused', title: t('drift.refused'), align: 'right', render: (one) => both(one.outcome, 1, [0, 1]) },
    ...(rows.some((one) => (one.outcome?.recent[2] ?? 0) > 0) ? [{ key: 'failed', title: t('drift.failed'), align: 'right' as const, render: (one: DriftSlice) => both(one.outcome, 2, [0, 1, 2]) }] : []),
    { key: 'agreed', title: t('drift.agreed'), align: 'right', render: (one) => both(one.review, 0, [0, 1, 2]) },
    { key: 'change', title: t('drift.change'), render: (one) => <VerdictTag verdict={worst(one)} /> },
    {
      key: 'show',
      title: '',
      render: (one) =>
        slice !== undefined && keyOf(one) === keyOf(slice) ? (
          <Typography.Text type="secondary">{t('drift.shown')}</Typography.Text>
        ) : (
          <Button size="small" onClick={() => show(one)} aria-label={t('drift.showOf', { name: name.whole(one) })}>
            {t('drift.show')}
          </Button>
        ),
    },
  ]
  return (
    <>
      {rows.filter((one) => drifting(one).length > 0).map((one) => (
        <Alert
          key={keyOf(one)}
          type="warning"
          showIcon
          data-testid="drift-alarm"
          title={t('drift.alarm', { name: name.whole(one) })}
          description={`${drifting(one)
            .map(({ measure, psi }) => t('drift.alarmOf', { measure: t(`drift.${measure}`), psi: format.number(psi, 2) }))
            .join(', ')}. ${t('drift.alarmNext')}`}
        />
      ))}
      <DataTable label={t('menu.drift')} columns={columns} rows={rows} rowKey={keyOf} empty={t('drift.empty')} />
      {slice && (
        <h2 ref={heading} tabIndex={-1} className="distributions-title" data-testid="distributions-of">
          {name.whole(slice)}
        </h2>
      )}
      {slice && <Distributions slice={slice} days={days} name={name.whole(slice)} />}
      <Typography.Text type="secondary">{t('drift.why', { watch: format.number(drift.watch_from, 2), drift: format.number(drift.drift_from, 2), least: drift.least })}</Typography.Text>
    </>
  )
}

function VerdictTag({ verdict }: { verdict: Verdict }) {
  const { t } = useTranslation()
  return <Tag color={COLOURS[verdict]}>{t(`drift.verdict.${verdict}`)}</Tag>
}

function Distributions({ slice, days, name }: { slice: DriftSlice; days: number; name: string }) {
  return (
    <div className="distributions" data-testid="distributions">
      {MEASURES.map((measure) => {
        const shift = slice[measure]
        return shift && <Distribution key={measure} measure={measure} shift={shift} days={days} name={name} />
      })}
    </div>
  )
}

function Distribution({ measure, shift, days, name }: { measure: Measure; shift: Shift; days: number; name: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const chart = useMemo(() => {
    const categories = {
      outcome: [t('drift.findings'), t('drift.nothing'), t('drift.failed')],
      certainty: TENTHS,
      probability: TENTHS,
      review: [t('drift.accepted'), t('drift.corrected'), t('drift.rejected')],
    }
    return {
      categories: categories[measure],
      series: [
        { name: t('drift.reference', { days: REFERENCE_DAYS }), colour: '#8fa3b0', values: shares(shift.reference).map((one) => Math.round(10 * one) / 10) },
        { name: t('drift.recent', { days }), colour: '#0b5c7a', values: shares(shift.recent).map((one) => Math.round(10 * one) / 10) },
      ],
    }
  }, [measure, shift, days, t])
  return (
    <Card
      title={t(`drift.${measure}`)}
      extra={
        <Flex gap={8} align="center">
          {shift.psi !== null && <span className="number">{t('drift.index', { psi: format.number(shift.psi, 2) })}</span>}
          <VerdictTag verdict={shift.verdict} />
        </Flex>
      }
    >
      <BarChart label={t('drift.chartOf', { measure: t(`drift.${measure}`), name })} {...chart} unit={t('drift.share')} testId={`drift-${measure}`} />
    </Card>
  )
}
