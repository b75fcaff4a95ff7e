import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Flex, Popconfirm, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import { type Column, DataTable } from '../ui/DataTable'
import { ErrorNotice } from '../ui/Notice'
import { InstantInput } from '../ui/InstantInput'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import type { Period } from './types'

/** The operator closes the period through an instant: amounts become final, invoices and settlements are drawn up. */
export function PeriodsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [through, setThrough] = useState(() => new Date().toISOString())
  const periods = usePages<Period>('/api/billing/v1/periods')
  const close = useMutation({
    mutationFn: () => send('POST', '/api/billing/v1/periods/close', { through }),
    onSuccess: () => {
      void message.success(t('period.closed'))
      return queries.invalidateQueries()
    },
  })
  const columns: Column<Period>[] = [
    { key: 'through', title: t('period.through'), render: (one) => format.dateTime(one.through) },
    { key: 'state', title: t('usage.state'), render: (one) => <Tag color={one.state === 'closed' ? 'success' : 'processing'}>{t(`periodState.${one.state}`)}</Tag> },
    { key: 'at', title: t('period.closedAt'), render: (one) => format.dateTime(one.closed_at) },
  ]
  return (
    <PageFrame title={t('menu.periods')}>
      <Card title={t('period.close')}>
        <Flex vertical gap={12}>
          <Alert type="info" showIcon title={t('period.hint')} />
          <Flex wrap gap={8}>
            <InstantInput label={t('period.through')} value={through} onChange={setThrough} />
            <Popconfirm title={t('period.ask', { through: format.dateTime(through) })} onConfirm={() => close.mutate()} okText={t('action.yes')} cancelText={t('action.no')}>
              <Button type="primary" loading={close.isPending} data-testid="close-period">
                {t('period.close')}
              </Button>
            </Popconfirm>
          </Flex>
          {close.error && <ErrorNotice error={close.error} />}
        </Flex>
      </Card>
      <DataTable {...periods} label={t('menu.periods')} columns={columns} rowKey={(one) => one.id} empty={t('period.empty')} />
    </PageFrame>
  )
}
