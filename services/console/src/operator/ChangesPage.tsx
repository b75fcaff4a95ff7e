import { Button, Modal, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Change } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { OrganisationFilter } from './OrganisationSelect'

const KINDS = ['organisation', 'device', 'membership', 'agreement'] as const

/** Who changed what in the directory, and to what. */
export function ChangesPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const [organisation, setOrganisation] = useState<string | undefined>()
  const [shown, setShown] = useState<Change | null>(null)
  const changes = usePages<Change>('/api/directory/v1/changes', { organisation })
  const kind = (one: Change) => {
    const known = KINDS.find((each) => each === one.kind)
    return known ? t(`change.${known}`) : one.kind
  }
  const columns: Column<Change>[] = [
    { key: 'at', title: t('change.at'), render: (one) => format.dateTime(one.at) },
    { key: 'who', title: t('change.who'), render: (one) => <span className="mono">{one.username}</span> },
    { key: 'kind', title: t('change.kind'), render: kind },
    { key: 'name', title: t('change.name'), render: (one) => <span className="mono">{one.name}</span> },
    { key: 'organisation', title: t('device.organisation'), render: (one) => one.organisation },
    { key: 'outcome', title: t('change.outcome'), render: (one) => <Tag>{t(`change.${one.outcome}`)}</Tag> },
    {
      key: 'content',
      title: t('change.content'),
      render: (one) => (
        <Button size="small" onClick={() => setShown(one)} aria-label={t('change.showOf', { name: one.name })}>
          {t('change.show')}
        </Button>
      ),
    },
  ]
  return (
    <PageFrame title={t('menu.changes')} hint={t('change.hint')}>
      <OrganisationFilter value={organisation} onChange={setOrganisation} />
      <DataTable {...changes} label={t('menu.changes')} columns={columns} rowKey={(one) => one.id} empty={t('change.empty')} />
      <Modal open={shown !== null} title={shown ? `${kind(shown)} ${shown.name}` : ''} footer={null} onCancel={() => setShown(null)}>
        <pre className="content-json">{shown && JSON.stringify(shown.content, null, 2)}</pre>
      </Modal>
    </PageFrame>
  )
}
