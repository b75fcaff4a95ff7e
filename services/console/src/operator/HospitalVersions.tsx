import { Card, Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Model, Standing } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { ShadowDifferences } from './ShadowDifferences'
import { VersionDecision } from './VersionDecision'

/** For operators: which version each hospital is shown, which runs in its shadow, and how often that failed or said something else. */
export function HospitalVersions({ models }: { models: Model[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const standing = usePages<Standing>('/api/inference/v1/model-versions', {}, 30_000)
  const version = (name: string, installed: boolean) => (
    <Flex wrap gap={4}>
      <span className="mono">{name || '—'}</span>
      {!installed && <Tag color="error">{t('model.missing')}</Tag>}
    </Flex>
  )
  const installed = (name: string) => models.find((one) => one.name === name)?.versions.filter((one) => one.loaded).map((one) => one.version) ?? []
  const columns: Column<Standing>[] = [
    { key: 'model', title: t('model.name'), render: (one) => <span className="mono">{one.model}</span> },
    { key: 'hospital', title: t('model.hospital'), render: (one) => (one.platform ? t('model.newHospitals') : format.name(one) || one.organisation) },
    { key: 'shown', title: t('model.shown'), render: (one) => version(one.shown_version, one.shown_installed) },
    { key: 'shadow', title: t('model.inShadow'), render: (one) => version(one.shadow_version, one.shadow_installed) },
    { key: 'before', title: t('model.before'), render: (one) => version(one.previous_version, true) },
    { key: 'disagreed', title: t('model.disagreed'), render: (one) => <ShadowDifferences one={one} /> },
    { key: 'decide', title: t('model.decide'), render: (one) => <VersionDecision standing={one} versions={installed(one.model)} /> },
  ]
  return (
    <Card title={t('model.byHospital')} data-testid="hospital-versions">
      <Flex vertical gap={12}>
        <DataTable {...standing} label={t('model.byHospital')} columns={columns} rowKey={(one) => `${one.model}/${one.organisation}`} empty={t('model.noPins')} />
        <Typography.Text type="secondary">{t('model.decideBy')}</Typography.Text>
      </Flex>
    </Card>
  )
}
