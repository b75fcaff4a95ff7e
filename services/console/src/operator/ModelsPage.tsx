import { Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Model, ModelVersion } from '../api/types'
import { useMe } from '../app/me'
import { useLanguage } from '../app/useLanguage'
import { sentence } from '../i18n/zh/sentences'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { ModeTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { BeyondCard } from './BeyondCard'
import { HospitalVersions } from './HospitalVersions'

/** What a model's card says of itself; its further lines are for those who read the card. */
interface Card {
  title?: { zh: string; en: string }
  task?: string
  intended_use?: { zh: string; en: string }
  regulatory?: { class?: string; approved?: boolean }
}

const card = (model: Model): Card => model.card

const CONDITION = { in_service: 'success', taken_out: 'error', on_trial: 'processing' } as const

/** The installed models, what their cards say, the versions that there are, and how the own agreements permit each. */
export function ModelsPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const operates = useMe().roles.includes('operator')
  const models = usePages<Model>('/api/inference/v1/models', {}, 30_000)
  const permitted: Column<Model> = {
    key: 'permitted',
    title: t('model.permitted'),
    render: (one) =>
      one.permitted.length === 0
        ? '—'
        : one.permitted.map((each) => (
            <div key={`${each.agreement_number}/${each.agreement_version}`}>
              {each.agreement_number} <ModeTag mode={each.runs_as} /> {each.certificate || each.ethics_protocol} <BeyondCard asked={each.mode} most={one.most ?? undefined} />
            </div>
          )),
  }
  const columns: Column<Model>[] = [
    {
      key: 'name',
      title: t('model.name'),
      render: (one) => (
        <Flex vertical>
          <strong>{card(one).title?.[language] ?? one.name}</strong>
          <span className="mono">{`${one.name} ${one.version}`}</span>
          {!one.installed && <Tag color="error">{t('model.missing')}</Tag>}
        </Flex>
      ),
    },
    {
      key: 'versions',
      title: t('model.versions'),
      render: (one) => (
        <Flex vertical gap={6} align="start">
          {one.versions.map((version) => (
            <Version key={version.version} model={one} version={version} operates={operates} />
          ))}
        </Flex>
      ),
    },
    { key: 'use', title: t('model.use'), render: (one) => <span className="cell-wrap">{card(one).intended_use?.[language] ?? card(one).task ?? '—'}</span> },
    {
      key: 'class',
      title: t('model.class'),
      render: (one) => (
        <Flex vertical gap={4} align="start">
          <span>{card(one).regulatory?.class ?? '—'}</span>
          {one.most && <span>{t('model.most', { mode: t(`mode.${one.most}`) })}</span>}
          <Tag color={card(one).regulatory?.approved ? 'success' : 'warning'}>{card(one).regulatory?.approved ? t('model.approved') : t('model.notApproved')}</Tag>
        </Flex>
      ),
    },
    ...(operates ? [] : [permitted]),
    {
      key: 'digest',
      title: t('model.digest'),
      render: (one) => <span className="mono" title={one.digest_sha256}>{one.digest_sha256.slice(0, 12)}</span>,
    },
  ]
  return (
    <PageFrame title={t('menu.models')} hint={t('model.hint')}>
      <DataTable {...models} label={t('menu.models')} columns={columns} rowKey={(one) => `${one.name}/${one.version}`} empty={t('model.empty')} />
      {operates && <HospitalVersions models={models.rows} />}
    </PageFrame>
  )
}

/** One installed version: whether it is shown or runs in the shadow here, and whether it is asked at all. */
function Version({ model, version, operates }: { model: Model; version: ModelVersion; operates: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const reason = (language === 'zh' && sentence(version.reason, format.dateTime)) || version.reason
  return (
    <Flex vertical>
      <Flex wrap gap={4} align="center">
        <span className="mono" title={version.digest_sha256}>
          {version.version}
        </span>
        {version.version === model.version && <Tag>{t(operates ? 'model.newHospitals' : 'model.yours')}</Tag>}
        {version.version === model.shadow_version && <Tag>{t('model.inShadow')}</Tag>}
        {version.loaded || version.state !== 'in_service' ? (
          <Tag color={CONDITION[version.state]}>{t(`model.condition.${version.state}`)}</Tag>
        ) : (
          <Tag color="warning">{t('model.notLoaded')}</Tag>
        )}
      </Flex>
      {version.state !== 'in_service' && <span className="cell-wrap">{`${reason.replace(/。$/, '')}${language === 'zh' ? '；' : '; '}${t('model.again', { at: format.dateTime(version.again_at) })}`}</span>}
    </Flex>
  )
}
