import { useQuery } from '@tanstack/react-query'
import { DatePicker } from 'antd'
import dayjs from 'dayjs'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page } from '../api/types'
import { BarChart } from '../ui/BarChart'
import { type Column, DataTable } from '../ui/DataTable'
import { decimalOf } from '../ui/money'
import { Nothing } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { dateIn } from '../ui/time'
import { useFormat } from '../ui/useFormat'
import type { Day } from './types'

const FIRST_DAYS = 30

/** Charges by service date: a chart, and the same figures as a table. */
export function ByDayPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const [range, setRange] = useState(() => ({ from: dateIn(format.timeZone, new Date(), 1 - FIRST_DAYS), to: dateIn(format.timeZone, new Date()) }))
  const days = useQuery({
    queryKey: ['by-day', range],
    queryFn: ({ signal }) => getJson<Page<Day>>(withQuery('/api/billing/v1/usage/by-day', range), signal),
  })
  const rows = days.data?.items ?? []
  const columns: Column<Day>[] = [
    { key: 'date', title: t('usage.date'), render: (one) => format.date(one.date) },
    { key: 'quantity', title: t('usage.quantity'), align: 'right', render: (one) => <span className="number">{format.number(one.quantity)}</span> },
    { key: 'payable', title: t('cost.payable'), align: 'right', render: (one) => <span className="number">{format.money(one.owes)}</span> },
    { key: 'receivable', title: t('cost.receivable'), align: 'right', render: (one) => <span className="number">{format.money(one.earns)}</span> },
  ]
  return (
    <PageFrame
      title={t('menu.byDay')}
      hint={t('byDay.hint')}
      actions={
        <DatePicker.RangePicker
          aria-label={t('usage.date')}
          className="field-wide"
          allowClear={false}
          value={[dayjs(range.from), dayjs(range.to)]}
          onChange={(picked) => {
            if (picked?.[0] && picked[1]) setRange({ from: picked[0].format('YYYY-MM-DD'), to: picked[1].format('YYYY-MM-DD') })
          }}
        />
      }
    >
      {rows.length > 0 ? <Chart rows={rows} /> : !days.isPending && !days.error && <Nothing>{t('usage.empty')}</Nothing>}
      <DataTable
        label={t('menu.byDay')}
        columns={columns}
        rows={rows}
        rowKey={(one) => `${one.date}/${one.owes.currency}`}
        empty={t('usage.empty')}
        loading={days.isPending}
        error={days.error}
        onRetry={() => void days.refetch()}
      />
    </PageFrame>
  )
}

function Chart({ rows }: { rows: Day[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { categories, series } = useMemo(
    () => ({
      categories: rows.map((one) => format.date(one.date)),
      series: [
        { name: t('cost.payable'), colour: '#0b5c7a', values: rows.map((one) => Number(decimalOf(one.owes))) },
        { name: t('cost.receivable'), colour: '#d98a1f', values: rows.map((one) => Number(decimalOf(one.earns))) },
      ],
    }),
    [rows, t, format],
  )
  return <BarChart label={t('byDay.chart')} categories={categories} series={series} unit={rows[0]?.owes.currency ?? ''} testId="chart" />
}
