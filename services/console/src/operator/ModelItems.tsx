import { Button, Card, Flex, Form, Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { GATE_MODES, type GateMode } from '../api/types'
import { BeyondCard } from './BeyondCard'
import { useCardModes } from './cardModes'

/** Which models may run on the requester's exams, and on what ground. */
export function ModelItems() {
  const { t } = useTranslation()
  const most = useCardModes()
  const required = [{ required: true, message: t('form.required') }]
  return (
    <Card title={t('agreement.models')}>
      <Form.List name="models">
        {(fields, { add, remove }) => (
          <Flex vertical gap={4}>
            {fields.map(({ key, name }) => (
              <Flex key={key} gap={8} wrap align="end">
                <Form.Item name={[name, 'model']} label={t('agreement.model')} rules={required}>
                  <Input className="field" />
                </Form.Item>
                <Form.Item name={[name, 'mode']} label={t('agreement.mode')} rules={required}>
                  <Select className="field" options={GATE_MODES.map((value) => ({ value, label: t(`mode.${value}`) }))} />
                </Form.Item>
                <Form.Item noStyle dependencies={[['models', name, 'mode']]}>
                  {({ getFieldValue }) => {
                    const mode = getFieldValue(['models', name, 'mode']) as GateMode | undefined
                    if (mode === 'approved') return <Ground name={[name, 'certificate']} label={t('agreement.certificate')} />
                    if (mode === 'trial') return <Ground name={[name, 'ethics_protocol']} label={t('agreement.ethics')} />
                    return null
                  }}
                </Form.Item>
                <Form.Item noStyle dependencies={[['models', name, 'mode'], ['models', name, 'model']]}>
                  {({ getFieldValue }) => (
                    <BeyondCard
                      asked={getFieldValue(['models', name, 'mode']) as GateMode | undefined}
                      most={most[(getFieldValue(['models', name, 'model']) as string | undefined) ?? '']}
                    />
                  )}
                </Form.Item>
                <Form.Item>
                  <Button onClick={() => remove(name)}>{t('action.remove')}</Button>
                </Form.Item>
              </Flex>
            ))}
            <div>
              <Button onClick={() => add({ mode: 'trial' })}>{t('agreement.addModel')}</Button>
            </div>
          </Flex>
        )}
      </Form.List>
    </Card>
  )
}

function Ground({ name, label }: { name: [number, string]; label: string }) {
  const { t } = useTranslation()
  return (
    <Form.Item name={name} label={label} rules={[{ required: true, message: t('form.required') }]}>
      <Input className="field" />
    </Form.Item>
  )
}
