import { Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Model } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { ModeTag } from '../ui/tags'
import { usePages } from '../ui/usePages'

/** What a model's card says of itself; its further lines are for those who read the card. */
interface Card {
  title?: { zh: string; en: string }
  task?: string
  intended_use?: string
  regulatory?: { class?: string; approved?: boolean }
}

const card = (model: Model): Card => model.card

/** The installed models, what their cards say, and how the own agreements permit each. */
export function ModelsPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const models = usePages<Model>('/api/inference/v1/models')
  const columns: Column<Model>[] = [
    {
      key: 'name',
      title: t('model.name'),
      render: (one) => (
        <Flex vertical>
          <strong>{card(one).title?.[language] ?? one.name}</strong>
          <span className="mono">{`${one.name} ${one.version}`}</span>
        </Flex>
      ),
    },
    { key: 'use', title: t('model.use'), render: (one) => <span className="cell-wrap">{card(one).intended_use ?? card(one).task ?? '—'}</span> },
    {
      key: 'class',
      title: t('model.class'),
      render: (one) => (
        <Flex vertical gap={4}>
          <span>{card(one).regulatory?.class ?? '—'}</span>
          <Tag color={card(one).regulatory?.approved ? 'success' : 'warning'}>{card(one).regulatory?.approved ? t('model.approved') : t('model.notApproved')}</Tag>
        </Flex>
      ),
    },
    {
      key: 'permitted',
      title: t('model.permitted'),
      render: (one) =>
        one.permitted.length === 0
          ? '—'
          : one.permitted.map((each) => (
              <div key={`${each.agreement_number}/${each.agreement_version}`}>
                {each.agreement_number} <ModeTag mode={each.mode} /> {each.certificate || each.ethics_protocol}
              </div>
            )),
    },
    {
      key: 'digest',
      title: t('model.digest'),
      render: (one) => <span className="mono" title={one.digest_sha256}>{one.digest_sha256.slice(0, 12)}</span>,
    },
  ]
  return (
    <PageFrame title={t('menu.models')} hint={t('model.hint')}>
      <DataTable {...models} label={t('menu.models')} columns={columns} rowKey={(one) => `${one.name}/${one.version}`} empty={t('model.empty')} />
    </PageFrame>
  )
}
