import { useQuery } from '@tanstack/react-query'
import { Card, Descriptions } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router-dom'
import { getJson } from '../api/client'
import { type Column, DataTable } from '../ui/DataTable'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { FileButtons } from './FileButtons'
import type { InvoiceLine, InvoiceWithLines } from './types'

export function InvoicePage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { id = '' } = useParams()
  const path = `/api/billing/v1/invoices/${id}`
  const invoice = useQuery({ queryKey: ['invoice', id], queryFn: ({ signal }) => getJson<InvoiceWithLines>(path, signal) })
  if (invoice.isPending) return <Loading />
  if (invoice.error) return <ErrorNotice error={invoice.error} onRetry={() => void invoice.refetch()} />
  const one = invoice.data
  const columns: Column<InvoiceLine>[] = [
    { key: 'date', title: t('usage.date'), render: (line) => format.date(line.service_date) },
    { key: 'item', title: t('usage.item'), render: (line) => format.name({ name_zh: line.description_zh, name_en: line.description_en }) },
    { key: 'quantity', title: t('usage.quantity'), align: 'right', render: (line) => <span className="number">{format.number(line.quantity)}</span> },
    { key: 'amount', title: t('usage.amount'), align: 'right', render: (line) => <span className="number">{format.money(line.amount)}</span> },
    {
      key: 'trace',
      title: t('usage.trace'),
      render: (line) => (
        <Link to={`/lines/${line.id}/trace`} data-testid="line-trace">
          {t('usage.showTrace')}
        </Link>
      ),
    },
  ]
  return (
    <PageFrame title={t('invoice.title', { number: one.number })} actions={<FileButtons path={path} name={one.number} />}>
      <Card>
        <Descriptions
          column={{ xs: 1, md: 2 }}
          items={[
            { key: 'payer', label: t('usage.payer'), children: format.name(one.payer) },
            { key: 'payee', label: t('usage.payee'), children: format.name(one.payee) },
            { key: 'through', label: t('invoice.through'), children: format.dateTime(one.through) },
            { key: 'total', label: t('invoice.total'), children: <strong className="number">{format.money(one.total)}</strong> },
          ]}
        />
      </Card>
      <DataTable label={t('invoice.lines')} columns={columns} rows={one.lines} rowKey={(line) => line.id} empty={t('invoice.noLines')} />
    </PageFrame>
  )
}
