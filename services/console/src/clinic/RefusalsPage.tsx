import { Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Refusal } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { REFUSALS } from '../i18n/zh/sentences'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'

/** What the platform refused, and why: nothing that was sent disappears silently. */
export function RefusalsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const chinese = (one: Refusal) => (language === 'zh' ? REFUSALS[one.reason] : undefined)
  const refusals = usePages<Refusal>('/api/ingest/v1/refusals', {}, 15_000)
  const columns: Column<Refusal>[] = [
    { key: 'when', title: t('refusal.when'), render: (one) => format.dateTime(one.refused_at) },
    { key: 'how', title: t('refusal.how'), render: (one) => `${one.protocol} · ${one.sender}` },
    {
      key: 'reason',
      title: t('refusal.reason'),
      render: (one) => (
        <span className="wrap cell-wrap">
          {chinese(one) && <div>{chinese(one)?.reason}</div>}
          <Typography.Text {...(chinese(one) && { type: 'secondary' as const })}>{one.detail || one.reason}</Typography.Text>
        </span>
      ),
    },
    { key: 'advice', title: t('refusal.advice'), render: (one) => <span className="wrap cell-wrap">{chinese(one)?.advice ?? (one.advice || '—')}</span> },
    { key: 'uid', title: t('refusal.uid'), render: (one) => <span className="mono wrap">{one.sop_instance_uid ?? '—'}</span> },
  ]
  return (
    <PageFrame title={t('menu.refusals')} hint={t('refusal.hint')}>
      <DataTable {...refusals} label={t('menu.refusals')} columns={columns} rowKey={(one) => one.id} empty={t('refusal.empty')} />
    </PageFrame>
  )
}
