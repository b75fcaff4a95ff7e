import { Button, Card, Flex, Form, Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { BILLABLE_EVENTS, PARTIES } from '../api/types'
import { parseMinor } from '../ui/money'

const FIRST = { billable_event: 'report_signed', payer: 'requester', payee: 'reader', tiers: [{ amount: '' }] }

/** Who pays whom how much for what; tiers are graduated. */
export function PriceItems() {
  const { t } = useTranslation()
  const required = [{ required: true, message: t('form.required') }]
  const parties = PARTIES.map((value) => ({ value, label: t(`party.${value}`) }))
  return (
    <Card title={t('agreement.prices')}>
      <Form.List name="price_items">
        {(fields, { add, remove }) => (
          <Flex vertical gap={16}>
            {fields.map(({ key, name }) => (
              <Card key={key} size="small" type="inner" title={t('agreement.priceItem', { number: name + 1 })} extra={<Button onClick={() => remove(name)}>{t('action.remove')}</Button>}>
                <div className="grid-form">
                  <Form.Item name={[name, 'code']} label={t('agreement.code')} rules={required}>
                    <Input />
                  </Form.Item>
                  <Form.Item name={[name, 'description_zh']} label={t('agreement.descriptionZh')} rules={required}>
                    <Input />
                  </Form.Item>
                  <Form.Item name={[name, 'description_en']} label={t('agreement.descriptionEn')} rules={required}>
                    <Input />
                  </Form.Item>
                  <Form.Item name={[name, 'billable_event']} label={t('agreement.event')} rules={required}>
                    <Select options={BILLABLE_EVENTS.map((value) => ({ value, label: t(`event.${value}`) }))} />
                  </Form.Item>
                  <Form.Item name={[name, 'model']} label={t('agreement.model')} extra={t('agreement.modelHint')}>
                    <Input allowClear />
                  </Form.Item>
                  <Form.Item name={[name, 'payer']} label={t('usage.payer')} rules={required}>
                    <Select options={parties} />
                  </Form.Item>
                  <Form.Item name={[name, 'payee']} label={t('usage.payee')} rules={required}>
                    <Select options={parties} />
                  </Form.Item>
                </div>
                <Tiers item={name} />
              </Card>
            ))}
            <div>
              <Button onClick={() => add(FIRST)}>{t('agreement.addPrice')}</Button>
            </div>
          </Flex>
        )}
      </Form.List>
    </Card>
  )
}

function Tiers({ item }: { item: number }) {
  const { t } = useTranslation()
  const form = Form.useFormInstance()
  const amount = {
    validator: (_: unknown, value: unknown) => {
      const currency = form.getFieldValue('currency') as string
      const fine = typeof value === 'string' && parseMinor(value, currency) !== null
      return fine ? Promise.resolve() : Promise.reject(new Error(t('agreement.amountHint')))
    },
  }
  return (
    <Form.List name={[item, 'tiers']}>
      {(tiers, { add, remove }) => (
        <Flex vertical gap={4}>
          {tiers.map(({ key, name }, index) => (
            <Flex key={key} gap={8} wrap align="end">
              <Form.Item name={[name, 'amount']} label={t('agreement.unitAmount')} rules={[amount]}>
                <Input className="field" inputMode="decimal" />
              </Form.Item>
              {index < tiers.length - 1 && (
                <Form.Item name={[name, 'up_to']} label={t('agreement.upTo')} rules={[{ required: true, message: t('form.required') }]}>
                  <InputNumber min={1} precision={0} />
                </Form.Item>
              )}
              {tiers.length > 1 && (
                <Form.Item>
                  <Button onClick={() => remove(name)}>{t('action.remove')}</Button>
                </Form.Item>
              )}
            </Flex>
          ))}
          <div>
            <Button size="small" onClick={() => add({ amount: '' })}>
              {t('agreement.addTier')}
            </Button>
          </div>
        </Flex>
      )}
    </Form.List>
  )
}
