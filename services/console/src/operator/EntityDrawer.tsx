import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Drawer, Form, type FormInstance } from 'antd'
import { type ReactNode, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import type { PutAnswer } from '../api/types'
import { ErrorNotice } from '../ui/Notice'

interface Props<Values extends object> {
  title: string
  form: FormInstance<Values>
  initial: Partial<Values>
  /** Where and what to PUT for the form's values. */
  request: (values: Values) => { path: string; body: object }
  listKey: string
  onClose: () => void
  onSaved?: (answer: PutAnswer) => void
  children: ReactNode
}

/** A form beside its list; saving puts the whole entity, so saving twice changes nothing. */
export function EntityDrawer<Values extends object>({ title, form, initial, request, listKey, onClose, onSaved, children }: Props<Values>) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const top = useRef<HTMLDivElement>(null)
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: async (values: Values) => {
      const { path, body } = request(values)
      return (await send<PutAnswer>('PUT', path, body)).body
    },
    // The notice stands above the form: bring it into view.
    onError: () => setTimeout(() => top.current?.scrollIntoView({ block: 'start' })),
    onSuccess: async (answer) => {
      await queries.invalidateQueries({ queryKey: [listKey] })
      void message.success(t(answer.outcome === 'unchanged' ? 'action.unchanged' : 'action.saved'))
      onSaved?.(answer)
      onClose()
    },
  })
  return (
    <Drawer
      open
      title={title}
      size={480}
      onClose={onClose}
      footer={
        <Button type="primary" loading={save.isPending} onClick={() => form.submit()} data-testid="save">
          {t('action.save')}
        </Button>
      }
    >
      <div ref={top} className="drawer-notice">
        {save.error && <ErrorNotice error={save.error} />}
      </div>
      <Form<Values> form={form} layout="vertical" initialValues={initial} onFinish={(values) => save.mutate(values)} scrollToFirstError>
        {children}
      </Form>
    </Drawer>
  )
}
