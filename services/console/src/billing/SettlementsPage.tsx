import { useTranslation } from 'react-i18next'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { FileButtons } from './FileButtons'
import type { Settlement } from './types'

export function SettlementsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const settlements = usePages<Settlement>('/api/billing/v1/settlements')
  const columns: Column<Settlement>[] = [
    { key: 'who', title: t('settlement.organisation'), render: (one) => format.name(one.organisation) },
    { key: 'through', title: t('invoice.through'), render: (one) => format.dateTime(one.through) },
    { key: 'payable', title: t('cost.payable'), align: 'right', render: (one) => <span className="number">{format.money(one.owes)}</span> },
    { key: 'receivable', title: t('cost.receivable'), align: 'right', render: (one) => <span className="number">{format.money(one.earns)}</span> },
    { key: 'net', title: t('settlement.net'), align: 'right', render: (one) => <strong className="number">{format.money(one.net)}</strong> },
    { key: 'files', title: t('invoice.files'), render: (one) => <FileButtons path={`/api/billing/v1/settlements/${one.id}`} name={`settlement-${one.through.slice(0, 10)}`} /> },
  ]
  return (
    <PageFrame title={t('menu.settlements')} hint={t('settlement.hint')}>
      <DataTable {...settlements} label={t('menu.settlements')} columns={columns} rowKey={(one) => one.id} empty={t('settlement.empty')} />
    </PageFrame>
  )
}
