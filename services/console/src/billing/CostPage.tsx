import { useQuery } from '@tanstack/react-query'
import { Flex, Statistic } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page } from '../api/types'
import { useMe } from '../app/me'
import { type Column, DataTable } from '../ui/DataTable'
import { InstantInput } from '../ui/InstantInput'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { totals } from './totals'
import type { StatementLine } from './types'

/** What the open period costs and earns so far: provisional until it is closed. */
export function CostPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const me = useMe()
  const [through, setThrough] = useState(() => new Date().toISOString())
  const statement = useQuery({
    queryKey: ['statement', through],
    queryFn: ({ signal }) => getJson<Page<StatementLine>>(withQuery('/api/billing/v1/statement', { through }), signal),
  })
  const rows = statement.data?.items ?? []
  const columns: Column<StatementLine>[] = [
    { key: 'payer', title: t('usage.payer'), render: (one) => format.name({ name_zh: one.payer_name_zh, name_en: one.payer_name_en }) },
    { key: 'payee', title: t('usage.payee'), render: (one) => format.name({ name_zh: one.payee_name_zh, name_en: one.payee_name_en }) },
    { key: 'item', title: t('usage.item'), render: (one) => format.name({ name_zh: one.description_zh, name_en: one.description_en }) },
    { key: 'agreement', title: t('usage.agreement'), render: (one) => one.agreement_number },
    { key: 'quantity', title: t('usage.quantity'), align: 'right', render: (one) => <span className="number">{format.number(one.quantity)}</span> },
    { key: 'amount', title: t('usage.amount'), align: 'right', render: (one) => <span className="number">{format.money(one.amount)}</span> },
  ]
  return (
    <PageFrame
      title={t('menu.cost')}
      hint={t('cost.hint')}
      actions={
        <InstantInput label={t('cost.through')} value={through} onChange={setThrough} />
      }
    >
      <Flex wrap gap={32}>
        {totals(rows, me.organisation.id).map((total) => (
          <Flex key={total.currency} wrap gap={32}>
            <Statistic title={t('cost.payable')} value={format.money(total.payable)} />
            <Statistic title={t('cost.receivable')} value={format.money(total.receivable)} />
          </Flex>
        ))}
      </Flex>
      <DataTable
        label={t('menu.cost')}
        columns={columns}
        rows={rows}
        rowKey={(one) => `${one.agreement_id}/${one.payer_id}/${one.payee_id}/${one.item_code}/${one.amount.currency}`}
        empty={t('cost.empty')}
        loading={statement.isPending}
        error={statement.error}
        onRetry={() => void statement.refetch()}
      />
    </PageFrame>
  )
}
