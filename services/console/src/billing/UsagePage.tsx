import { DatePicker, Flex, Form, Input } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router-dom'
import type { Usage } from '../api/types'
import { useHas, useMe } from '../app/me'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { UsageStateTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { Reversal } from './Reversal'

interface Filter {
  days?: [Dayjs, Dayjs] | null
  agreement?: string
  exam?: string
}

/** Every charge that concerns the organisation, provisional or invoiced. */
export function UsagePage() {
  const { t } = useTranslation()
  const format = useFormat()
  const me = useMe()
  const operator = useHas('operator')
  const [address] = useSearchParams()
  const [filter, setFilter] = useState<Filter>(() => ({ agreement: address.get('agreement') ?? '', exam: address.get('exam_id') ?? '' }))
  const usage = usePages<Usage>('/api/billing/v1/usage', {
    from: filter.days?.[0].format('YYYY-MM-DD'),
    to: filter.days?.[1].format('YYYY-MM-DD'),
    agreement: filter.agreement?.trim(),
    exam_id: filter.exam?.trim(),
  })
  const columns: Column<Usage>[] = [
    { key: 'date', title: t('usage.date'), render: (one) => format.date(one.service_date) },
    { key: 'item', title: t('usage.item'), render: (one) => format.name({ name_zh: one.description_zh, name_en: one.description_en }) },
    { key: 'payer', title: t('usage.payer'), render: (one) => format.name({ name_zh: one.payer_name_zh, name_en: one.payer_name_en }) },
    { key: 'payee', title: t('usage.payee'), render: (one) => format.name({ name_zh: one.payee_name_zh, name_en: one.payee_name_en }) },
    { key: 'agreement', title: t('usage.agreement'), render: (one) => t('usage.agreementVersion', { number: one.agreement_number, version: one.agreement_version }) },
    { key: 'quantity', title: t('usage.quantity'), align: 'right', render: (one) => <span className="number">{format.number(one.quantity)}</span> },
    { key: 'amount', title: t('usage.amount'), align: 'right', render: (one) => <span className="number">{format.money(one.amount)}</span> },
    { key: 'state', title: t('usage.state'), render: (one) => <UsageStateTag state={one.state} /> },
    {
      key: 'trace',
      title: t('usage.trace'),
      render: (one) => (
        <Flex gap={8} wrap>
          {one.line_id === null || !(operator || [one.payer_id, one.payee_id].includes(me.organisation.id)) ? (
            <span title={t('usage.traceLater')}>—</span>
          ) : (
            <Link to={`/lines/${one.line_id}/trace`} data-testid={`trace-${one.id}`}>
              {t('usage.showTrace')}
            </Link>
          )}
          <Reversal usage={one} />
        </Flex>
      ),
    },
  ]
  return (
    <PageFrame title={t('menu.usage')} hint={t('usage.hint')}>
      <Form<Filter> layout="vertical" initialValues={filter} onValuesChange={(_, values) => setFilter(values)} className="filters">
        <Flex wrap gap={12}>
          <Form.Item name="days" label={t('usage.date')}>
            <DatePicker.RangePicker className="field-wide" />
          </Form.Item>
          <Form.Item name="agreement" label={t('usage.agreement')}>
            <Input allowClear className="field" />
          </Form.Item>
          <Form.Item name="exam" label={t('usage.exam')}>
            <Input allowClear className="field-wide" />
          </Form.Item>
        </Flex>
      </Form>
      <DataTable {...usage} label={t('menu.usage')} columns={columns} rowKey={(one) => one.id} empty={t('usage.empty')} />
    </PageFrame>
  )
}
