import { Button, Form, Input, InputNumber, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Device } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { usePages } from '../ui/usePages'
import { EntityDrawer } from './EntityDrawer'
import { OrganisationSelect } from './OrganisationSelect'
import { ActiveTag } from './OrganisationsPage'

const PATH = '/api/directory/v1/devices'

export function DevicesPage() {
  const { t } = useTranslation()
  const devices = usePages<Device>(PATH)
  const [edited, setEdited] = useState<Device | 'new' | null>(null)
  const columns: Column<Device>[] = [
    { key: 'ae', title: t('device.aeTitle'), render: (one) => <span className="mono">{one.ae_title}</span> },
    { key: 'organisation', title: t('device.organisation'), render: (one) => one.organisation },
    { key: 'address', title: t('device.address'), render: (one) => (one.host ? `${one.host}:${one.port ?? ''}` : '—') },
    { key: 'description', title: t('device.description'), render: (one) => one.description || '—' },
    { key: 'active', title: t('organisation.state'), render: (one) => <ActiveTag active={one.active} /> },
    {
      key: 'edit',
      title: t('action.change'),
      render: (one) => (
        <Button size="small" onClick={() => setEdited(one)} aria-label={t('action.changeOf', { name: one.ae_title })}>
          {t('action.change')}
        </Button>
      ),
    },
  ]
  return (
    <PageFrame
      title={t('menu.devices')}
      hint={t('device.hint')}
      actions={
        <Button type="primary" onClick={() => setEdited('new')}>
          {t('device.add')}
        </Button>
      }
    >
      <DataTable {...devices} label={t('menu.devices')} columns={columns} rowKey={(one) => one.id} empty={t('device.empty')} />
      {edited && <DeviceDrawer device={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </PageFrame>
  )
}

interface Values {
  ae_title: string
  organisation: string
  host?: string
  port?: number | null
  description?: string
  active: boolean
}

function DeviceDrawer({ device, onClose }: { device: Device | null; onClose: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const required = [{ required: true, message: t('form.required') }]
  return (
    <EntityDrawer<Values>
      title={device ? t('device.change') : t('device.add')}
      form={form}
      initial={device ? { ...device, host: device.host ?? '' } : { active: true }}
      listKey={PATH}
      onClose={onClose}
      request={({ ae_title, host, port, description, ...rest }) => ({
        path: `${PATH}/${encodeURIComponent(ae_title)}`,
        body: { ...rest, host: host || null, port: port ?? null, description: description ?? '' },
      })}
    >
      <Form.Item name="ae_title" label={t('device.aeTitle')} rules={required} extra={t('device.aeTitleHint')}>
        <Input maxLength={16} disabled={device !== null} />
      </Form.Item>
      <Form.Item name="organisation" label={t('device.organisation')} rules={required}>
        <OrganisationSelect disabled={device !== null} />
      </Form.Item>
      <Form.Item name="host" label={t('device.host')}>
        <Input />
      </Form.Item>
      <Form.Item name="port" label={t('device.port')}>
        <InputNumber min={1} max={65535} />
      </Form.Item>
      <Form.Item name="description" label={t('device.description')}>
        <Input />
      </Form.Item>
      <Form.Item name="active" label={t('organisation.active')} valuePropName="checked">
        <Switch />
      </Form.Item>
    </EntityDrawer>
  )
}
