import { Button, Form, Input, InputNumber, Switch, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Organisation } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { durationMinutes, durationOf } from '../ui/time'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { EntityDrawer } from './EntityDrawer'

const PATH = '/api/directory/v1/organisations'

export function OrganisationsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const organisations = usePages<Organisation>(PATH)
  const [edited, setEdited] = useState<Organisation | 'new' | null>(null)
  const columns: Column<Organisation>[] = [
    { key: 'name', title: t('organisation.name'), render: (one) => format.name(one) },
    { key: 'alias', title: t('organisation.alias'), render: (one) => <span className="mono">{one.alias}</span> },
    { key: 'code', title: t('organisation.code'), render: (one) => <span className="mono">{one.unified_social_credit_code ?? '—'}</span> },
    { key: 'zone', title: t('organisation.timeZone'), render: (one) => one.time_zone },
    { key: 'quiet', title: t('organisation.quiet'), render: (one) => format.span(durationMinutes(one.quiet_period) ?? 0) },
    { key: 'active', title: t('organisation.state'), render: (one) => <ActiveTag active={one.active} /> },
    {
      key: 'edit',
      title: t('action.change'),
      render: (one) => (
        <Button size="small" onClick={() => setEdited(one)} aria-label={t('action.changeOf', { name: format.name(one) })}>
          {t('action.change')}
        </Button>
      ),
    },
  ]
  return (
    <PageFrame
      title={t('menu.organisations')}
      actions={
        <Button type="primary" onClick={() => setEdited('new')}>
          {t('organisation.add')}
        </Button>
      }
    >
      <DataTable {...organisations} label={t('menu.organisations')} columns={columns} rowKey={(one) => one.id} empty={t('organisation.empty')} />
      {edited && <OrganisationDrawer organisation={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </PageFrame>
  )
}

export function ActiveTag({ active }: { active: boolean }) {
  const { t } = useTranslation()
  return <Tag color={active ? 'success' : 'default'}>{active ? t('organisation.active') : t('organisation.inactive')}</Tag>
}

interface Values {
  alias: string
  name_zh: string
  name_en: string
  time_zone: string
  unified_social_credit_code: string
  quiet_minutes: number
  active: boolean
}

function OrganisationDrawer({ organisation, onClose }: { organisation: Organisation | null; onClose: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const initial = organisation
    ? {
        ...organisation,
        unified_social_credit_code: organisation.unified_social_credit_code ?? '',
        quiet_minutes: durationMinutes(organisation.quiet_period) ?? 2,
      }
    : { time_zone: 'Asia/Shanghai', quiet_minutes: 2, active: true }
  const required = [{ required: true, message: t('form.required') }]
  return (
    <EntityDrawer<Values>
      title={organisation ? t('organisation.change') : t('organisation.add')}
      form={form}
      initial={initial}
      listKey={PATH}
      onClose={onClose}
      request={({ alias, quiet_minutes, unified_social_credit_code, ...rest }) => ({
        path: `${PATH}/${encodeURIComponent(alias)}`,
        body: {
          ...rest,
          unified_social_credit_code: unified_social_credit_code || null,
          quiet_period: durationOf(quiet_minutes),
          platform: organisation?.platform ?? false,
        },
      })}
    >
      <Form.Item name="alias" label={t('organisation.alias')} rules={required} extra={t('organisation.aliasHint')}>
        <Input disabled={organisation !== null} />
      </Form.Item>
      <Form.Item name="name_zh" label={t('organisation.nameZh')} rules={required}>
        <Input />
      </Form.Item>
      <Form.Item name="name_en" label={t('organisation.nameEn')} rules={required}>
        <Input />
      </Form.Item>
      <Form.Item name="unified_social_credit_code" label={t('organisation.code')} rules={organisation?.platform ? [] : required}>
        <Input maxLength={18} />
      </Form.Item>
      <Form.Item name="time_zone" label={t('organisation.timeZone')} rules={required}>
        <Input />
      </Form.Item>
      <Form.Item name="quiet_minutes" label={t('organisation.quietMinutes')} rules={required}>
        <InputNumber min={0.1} max={1440} step={1} />
      </Form.Item>
      <Form.Item name="active" label={t('organisation.active')} valuePropName="checked">
        <Switch />
      </Form.Item>
    </EntityDrawer>
  )
}
