import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import type { Usage } from '../api/types'
import { useHas, useMe } from '../app/me'
import { ErrorNotice } from '../ui/Notice'

/** Takes a charge back, as the organisation that earns it: a record of its own, with the reason. */
export function Reversal({ usage }: { usage: Usage }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const mine = useMe().organisation.id === usage.payee_id
  const admin = useHas('billing_admin')
  const reverse = useMutation({
    mutationFn: () => send('POST', `/api/billing/v1/usage/${usage.id}/corrections`, { reason: reason.trim() }),
    onSuccess: async () => {
      setOpen(false)
      void message.success(t('usage.reversed'))
      await queries.invalidateQueries({ queryKey: ['/api/billing/v1/usage'] })
    },
  })
  if (!mine || !admin || usage.state === 'reversed' || usage.corrects_usage_id !== null) return null
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)} data-testid={`reverse-${usage.id}`}>
        {t('usage.reverse')}
      </Button>
      <Modal
        open={open}
        title={t('usage.reverseTitle')}
        okText={t('usage.reverse')}
        cancelText={t('action.cancel')}
        okButtonProps={{ disabled: reason.trim() === '', loading: reverse.isPending }}
        onOk={() => reverse.mutate()}
        onCancel={() => setOpen(false)}
      >
        <Input.TextArea aria-label={t('usage.reason')} placeholder={t('usage.reason')} maxLength={500} rows={3} value={reason} onChange={(event) => setReason(event.target.value)} />
        {reverse.error && <ErrorNotice error={reverse.error} />}
      </Modal>
    </>
  )
}
