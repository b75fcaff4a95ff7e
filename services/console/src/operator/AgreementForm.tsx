import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Card, Checkbox, Flex, Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import { type Agreement, PRIORITIES, type PutAnswer, READINGS } from '../api/types'
import { ErrorNotice } from '../ui/Notice'
import { dateIn } from '../ui/time'
import { useFormat } from '../ui/useFormat'
import { AGREEMENTS } from './AgreementsPage'
import { type AgreementValues, bodyOf, valuesOf } from './agreementValues'
import { DayInput } from './DayInput'
import { ModelItems } from './ModelItems'
import { OrganisationSelect } from './OrganisationSelect'
import { PriceItems } from './PriceItems'

interface Props {
  agreement: Agreement | null
  onClose: () => void
  onSaved: (number: string) => void
}

/** A new agreement, or the next version of one. Versions are never changed: other terms begin on a later day. */
export function AgreementForm({ agreement, onClose, onSaved }: Props) {
  const { t } = useTranslation()
  const { timeZone } = useFormat()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [form] = Form.useForm<AgreementValues>()
  const save = useMutation({
    mutationFn: (values: AgreementValues) => send<PutAnswer>('PUT', `${AGREEMENTS}/${encodeURIComponent(values.number)}`, bodyOf(values)),
    onSuccess: async ({ body }, values) => {
      await queries.invalidateQueries({ queryKey: [AGREEMENTS] })
      void message.success(t(body.outcome === 'unchanged' ? 'action.unchanged' : 'action.saved'))
      onSaved(values.number)
    },
  })
  const required = [{ required: true, message: t('form.required') }]
  return (
    <Form<AgreementValues>
      form={form}
      layout="vertical"
      initialValues={valuesOf(agreement, dateIn(timeZone, new Date()))}
      onFinish={(values) => save.mutate(values)}
      scrollToFirstError
    >
      <Flex vertical gap={16}>
        {agreement && <Alert type="info" showIcon title={t('agreement.versionHint')} />}
        <Card title={t('agreement.parties')}>
          <div className="grid-form">
            <Form.Item name="number" label={t('agreement.number')} rules={required}>
              <Input disabled={agreement !== null} />
            </Form.Item>
            <Form.Item name="requester" label={t('agreement.requester')} rules={required}>
              <OrganisationSelect disabled={agreement !== null} />
            </Form.Item>
            <Form.Item name="reader" label={t('agreement.reader')} rules={required}>
              <OrganisationSelect disabled={agreement !== null} />
            </Form.Item>
            <Form.Item name="valid_from" label={t('agreement.validFrom')} rules={required}>
              <DayInput />
            </Form.Item>
            <Form.Item name="valid_until" label={t('agreement.validUntil')} extra={t('agreement.untilHint')}>
              <DayInput />
            </Form.Item>
            <Form.Item name="reading" label={t('agreement.reading')} rules={required}>
              <Select options={READINGS.map((value) => ({ value, label: t(`reading.${value}`) }))} />
            </Form.Item>
            <Form.Item name="currency" label={t('agreement.currency')} rules={[...required, { pattern: /^[A-Z]{3}$/, message: t('agreement.currencyHint') }]}>
              <Input maxLength={3} />
            </Form.Item>
          </div>
          <Flex vertical gap={8}>
            <Form.Item name="consent_attested" valuePropName="checked" noStyle>
              <Checkbox>{t('agreement.consentAttested')}</Checkbox>
            </Form.Item>
            <Form.Item name="trial_consent_attested" valuePropName="checked" noStyle>
              <Checkbox>{t('agreement.trialAttested')}</Checkbox>
            </Form.Item>
          </Flex>
        </Card>
        <Card title={t('agreement.services')}>
          <Form.List name="services">
            {(fields, { add, remove }) => (
              <Flex vertical gap={4}>
                {fields.map(({ key, name }) => (
                  <Flex key={key} gap={8} wrap align="end">
                    <Form.Item name={[name, 'modality']} label={t('agreement.modality')} rules={required}>
                      <Input className="field" maxLength={16} />
                    </Form.Item>
                    <Form.Item name={[name, 'body_part']} label={t('agreement.bodyPart')} rules={required} tooltip={t('agreement.anyPart')}>
                      <Input className="field" maxLength={16} />
                    </Form.Item>
                    <Form.Item>
                      <Button onClick={() => remove(name)}>{t('action.remove')}</Button>
                    </Form.Item>
                  </Flex>
                ))}
                <div>
                  <Button onClick={() => add({ modality: 'US', body_part: '*' })}>{t('agreement.addService')}</Button>
                </div>
              </Flex>
            )}
          </Form.List>
        </Card>
        <Card title={t('agreement.turnaroundHours')}>
          <Flex wrap gap={16}>
            {PRIORITIES.map((priority) => (
              <Form.Item key={priority} name={['hours', priority]} label={t(`priority.${priority}`)} rules={required}>
                <InputNumber min={0.1} />
              </Form.Item>
            ))}
          </Flex>
        </Card>
        <PriceItems />
        <ModelItems />
        {save.error && <ErrorNotice error={save.error} />}
        <Flex gap={8}>
          <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="save">
            {t('action.save')}
          </Button>
          <Button onClick={onClose}>{t('action.cancel')}</Button>
        </Flex>
      </Flex>
    </Form>
  )
}
