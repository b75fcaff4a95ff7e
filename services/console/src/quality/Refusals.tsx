import { useQuery } from '@tanstack/react-query'
import { Card } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page, Refusal } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { REFUSALS } from '../i18n/zh/sentences'
import { type Column, DataTable } from '../ui/DataTable'
import { useFormat } from '../ui/useFormat'
import { byReason } from './figures'

const PAGE = 200
const MOST = 1000

/** The organisation's refusals, the newest first, back to an instant; at most the newest thousand. */
async function refusalsSince(since: string, signal: AbortSignal): Promise<Refusal[]> {
  const found: Refusal[] = []
  let cursor: string | null | undefined = ''
  while (cursor !== null && cursor !== undefined && found.length < MOST) {
    const page: Page<Refusal> = await getJson(withQuery('/api/ingest/v1/refusals', { cursor, limit: PAGE }), signal)
    found.push(...page.items)
    const last = page.items.at(-1)
    cursor = last && Date.parse(last.refused_at) >= Date.parse(since) ? page.next : null
  }
  return found
}

/** What the own senders sent that could not be taken, by reason. */
export function Refusals({ since }: { since: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const refusals = useQuery({ queryKey: ['refusals-since', since.slice(0, 10)], queryFn: ({ signal }) => refusalsSince(since, signal) })
  const rows = byReason(refusals.data ?? [], since)
  type Row = (typeof rows)[number]
  const columns: Column<Row>[] = [
    { key: 'reason', title: t('refusal.reason'), render: (row) => (language === 'zh' ? (REFUSALS[row.reason]?.reason ?? row.reason) : row.reason.replaceAll('_', ' ')) },
    { key: 'count', title: t('quality.count'), align: 'right', render: (row) => <span className="number">{format.number(row.count)}</span> },
  ]
  return (
    <Card title={t('quality.refusals')}>
      <DataTable
        label={t('quality.refusals')}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.reason}
        empty={t('refusal.empty')}
        loading={refusals.isPending}
        error={refusals.error}
        onRetry={() => void refusals.refetch()}
      />
    </Card>
  )
}
