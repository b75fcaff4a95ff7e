import { Alert, App, Button, Flex, Form, Input, Popconfirm, Select, Switch, Tag, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import { type Membership, type Role, ROLES } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { useProblemText } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { usePages } from '../ui/usePages'
import { EntityDrawer } from './EntityDrawer'
import { OrganisationFilter, OrganisationSelect } from './OrganisationSelect'
import { ActiveTag } from './OrganisationsPage'

const PATH = '/api/directory/v1/memberships'
const MACHINES = '/api/directory/v1/machines'

/** People and machines of every organisation, and what each may do there. */
export function MembersPage() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problem = useProblemText()
  const [organisation, setOrganisation] = useState<string | undefined>()
  const members = usePages<Membership>(PATH, { organisation })
  const [edited, setEdited] = useState<Membership | 'person' | 'machine' | null>(null)
  const [secret, setSecret] = useState<{ who: string; secret: string } | null>(null)
  const renew = async (one: Membership) => {
    try {
      const path = one.machine ? `${MACHINES}/${one.username}/secret` : `${PATH}/${one.username}/password`
      const { body } = await send<{ password?: string; client_secret?: string }>('POST', path)
      setSecret({ who: one.username, secret: body.password ?? body.client_secret ?? '' })
    } catch (error) {
      void message.error(problem(error).line)
    }
  }
  const columns: Column<Membership>[] = [
    { key: 'name', title: t('member.name'), render: (one) => one.display_name },
    { key: 'username', title: t('member.username'), render: (one) => <span className="mono">{one.username}</span> },
    { key: 'organisation', title: t('device.organisation'), render: (one) => one.organisation },
    {
      key: 'roles',
      title: t('member.roles'),
      render: (one) => (
        <Flex wrap gap={4}>
          {one.roles.map((role) => (
            <Tag key={role}>{t(`role.${role}`)}</Tag>
          ))}
        </Flex>
      ),
    },
    { key: 'kind', title: t('member.kind'), render: (one) => (one.machine ? t('member.machine') : t('member.person')) },
    { key: 'active', title: t('organisation.state'), render: (one) => <ActiveTag active={one.active} /> },
    {
      key: 'do',
      title: t('action.change'),
      render: (one) => (
        <Flex gap={6} wrap>
          <Button size="small" onClick={() => setEdited(one)} aria-label={t('action.changeOf', { name: one.username })}>
            {t('action.change')}
          </Button>
          <Popconfirm title={t('member.newSecretAsk')} onConfirm={() => void renew(one)} okText={t('action.yes')} cancelText={t('action.no')}>
            <Button size="small">{one.machine ? t('member.newSecret') : t('member.newPassword')}</Button>
          </Popconfirm>
        </Flex>
      ),
    },
  ]
  return (
    <PageFrame
      title={t('menu.members')}
      actions={
        <>
          <Button type="primary" onClick={() => setEdited('person')}>
            {t('member.addPerson')}
          </Button>
          <Button onClick={() => setEdited('machine')}>{t('member.addMachine')}</Button>
        </>
      }
    >
      <OrganisationFilter value={organisation} onChange={setOrganisation} />
      {secret && (
        <Alert
          type="success"
          showIcon
          closable={{ onClose: () => setSecret(null) }}
          title={t('member.secretOnce', { who: secret.who })}
          description={
            <Typography.Text code copyable className="wrap">
              {secret.secret}
            </Typography.Text>
          }
        />
      )}
      <DataTable {...members} label={t('menu.members')} columns={columns} rowKey={(one) => one.id} empty={t('member.empty')} />
      {edited && (
        <MemberDrawer
          member={typeof edited === 'string' ? null : edited}
          machine={edited === 'machine' || (typeof edited !== 'string' && edited.machine)}
          onClose={() => setEdited(null)}
          onSecret={(who, drawn) => setSecret({ who, secret: drawn })}
        />
      )}
    </PageFrame>
  )
}

interface Values {
  username: string
  organisation: string
  display_name: string
  roles: Role[]
  active: boolean
}

interface DrawerProps {
  member: Membership | null
  machine: boolean
  onClose: () => void
  onSecret: (who: string, secret: string) => void
}

function MemberDrawer({ member, machine, onClose, onSecret }: DrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const required = [{ required: true, message: t('form.required') }]
  return (
    <EntityDrawer<Values>
      title={member ? t('member.change') : machine ? t('member.addMachine') : t('member.addPerson')}
      form={form}
      initial={member ?? { active: true, roles: [] }}
      listKey={PATH}
      onClose={onClose}
      onSaved={(answer) => {
        const drawn = answer.password ?? answer.client_secret
        if (drawn) onSecret(form.getFieldValue('username') as string, drawn)
      }}
      request={({ username, ...body }) => ({ path: `${machine ? MACHINES : PATH}/${encodeURIComponent(username)}`, body })}
    >
      <Form.Item name="username" label={machine ? t('member.clientId') : t('member.username')} rules={required}>
        <Input disabled={member !== null} autoComplete="off" />
      </Form.Item>
      <Form.Item name="organisation" label={t('device.organisation')} rules={required}>
        <OrganisationSelect disabled={member !== null} />
      </Form.Item>
      <Form.Item name="display_name" label={t('member.name')} rules={required}>
        <Input />
      </Form.Item>
      <Form.Item name="roles" label={t('member.roles')} rules={required}>
        <Select mode="multiple" showSearch={{ optionFilterProp: 'label' }} options={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))} />
      </Form.Item>
      <Form.Item name="active" label={t('organisation.active')} valuePropName="checked">
        <Switch />
      </Form.Item>
    </EntityDrawer>
  )
}
