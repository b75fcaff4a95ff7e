import { useTranslation } from 'react-i18next'
import type { Refusal } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'

/** What the platform refused, and why: nothing that was sent disappears silently. */
export function RefusalsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const refusals = usePages<Refusal>('/api/ingest/v1/refusals', {}, 15_000)
  const columns: Column<Refusal>[] = [
    { key: 'when', title: t('refusal.when'), render: (one) => format.dateTime(one.refused_at) },
    { key: 'how', title: t('refusal.how'), render: (one) => `${one.protocol} · ${one.sender}` },
    { key: 'reason', title: t('refusal.reason'), render: (one) => <span className="wrap cell-wrap">{one.detail || one.reason}</span> },
    { key: 'advice', title: t('refusal.advice'), render: (one) => <span className="wrap cell-wrap">{one.advice || '—'}</span> },
    { key: 'uid', title: t('refusal.uid'), render: (one) => <span className="mono wrap">{one.sop_instance_uid ?? '—'}</span> },
  ]
  return (
    <PageFrame title={t('menu.refusals')} hint={t('refusal.hint')}>
      <DataTable {...refusals} label={t('menu.refusals')} columns={columns} rowKey={(one) => one.id} empty={t('refusal.empty')} />
    </PageFrame>
  )
}
