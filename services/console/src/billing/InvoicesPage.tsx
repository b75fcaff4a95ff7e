import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { FileButtons } from './FileButtons'
import type { Invoice } from './types'

export function InvoicesPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const invoices = usePages<Invoice>('/api/billing/v1/invoices')
  const columns: Column<Invoice>[] = [
    {
      key: 'number',
      title: t('invoice.number'),
      render: (one) => (
        <Link to={`/invoices/${one.id}`} data-testid={`invoice-${one.number}`}>
          {one.number}
        </Link>
      ),
    },
    { key: 'payer', title: t('usage.payer'), render: (one) => format.name(one.payer) },
    { key: 'payee', title: t('usage.payee'), render: (one) => format.name(one.payee) },
    { key: 'through', title: t('invoice.through'), render: (one) => format.dateTime(one.through) },
    { key: 'total', title: t('invoice.total'), align: 'right', render: (one) => <span className="number">{format.money(one.total)}</span> },
    { key: 'files', title: t('invoice.files'), render: (one) => <FileButtons path={`/api/billing/v1/invoices/${one.id}`} name={one.number} /> },
  ]
  return (
    <PageFrame title={t('menu.invoices')} hint={t('invoice.hint')}>
      <DataTable {...invoices} label={t('menu.invoices')} columns={columns} rowKey={(one) => one.id} empty={t('invoice.empty')} />
    </PageFrame>
  )
}
