import { useTranslation } from 'react-i18next'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { usePages } from '../ui/usePages'

export interface ModelCard {
  name: string
  version: string
  task?: string
  title_zh?: string
  title_en?: string
  intended_use?: string
  regulatory_class?: string
  digest_sha256?: string
  mode?: string
}

/** The models of this platform and what their cards say. */
export function ModelsPage() {
  const { t } = useTranslation()
  const models = usePages<ModelCard>('/api/inference/v1/models')
  const columns: Column<ModelCard>[] = [
    { key: 'name', title: t('model.name'), render: (one) => one.name },
    { key: 'version', title: t('model.version'), render: (one) => one.version },
    { key: 'task', title: t('model.task'), render: (one) => <span className="cell-wrap">{one.task ?? '—'}</span> },
    { key: 'use', title: t('model.use'), render: (one) => <span className="cell-wrap">{one.intended_use ?? '—'}</span> },
    { key: 'class', title: t('model.class'), render: (one) => one.regulatory_class ?? '—' },
  ]
  return (
    <PageFrame title={t('menu.models')} hint={t('model.hint')}>
      <DataTable {...models} label={t('menu.models')} columns={columns} rowKey={(one) => `${one.name}/${one.version}`} empty={t('model.empty')} />
    </PageFrame>
  )
}
