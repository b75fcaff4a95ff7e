import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, App, Button, Flex, Input, Modal, Select, Typography } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../api/client'
import type { Standing } from '../api/types'
import { ErrorNotice } from '../ui/Notice'
import { useFormat } from '../ui/useFormat'
import { useFailures } from './ShadowFailures'
import { askedOf } from './failures'

type Act = 'promote' | 'rollback'

interface Props {
  standing: Standing
  /** The versions that are installed and can be asked. */
  versions: string[]
}

/** Lets an operator show a hospital another version of a model, or again the one before; both ask first, naming what changes. */
export function VersionDecision({ standing, versions }: Props) {
  const { t } = useTranslation()
  const [act, setAct] = useState<Act | null>(null)
  const others = versions.filter((version) => version !== standing.shown_version)
  if (others.length === 0 && standing.previous_version === '') return '—'
  return (
    <Flex wrap gap={6}>
      {others.length > 0 && (
        <Button size="small" onClick={() => setAct('promote')} data-testid="promote">
          {t('model.promote')}
        </Button>
      )}
      {standing.previous_version !== '' && (
        <Button size="small" onClick={() => setAct('rollback')} data-testid="rollback">
          {t('model.rollback')}
        </Button>
      )}
      {act && <Confirmation act={act} standing={standing} versions={others} onClose={() => setAct(null)} />}
    </Flex>
  )
}

function Confirmation({ act, standing, versions, onClose }: Props & { act: Act; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const { model, organisation, shown_version, shadow_version, previous_version } = standing
  const [chosen, setChosen] = useState(versions.includes(shadow_version) ? shadow_version : (versions[0] ?? ''))
  const [reason, setReason] = useState('')
  const version = act === 'promote' ? chosen : previous_version
  const asked = askedOf(standing, version)
  const failures = useFailures()
  const decide = useMutation({
    mutationFn: () =>
      send('POST', `/api/inference/v1/models/${encodeURIComponent(model)}/${act}`, {
        version: act === 'promote' ? version : '',
        organisation,
        reason: reason.trim(),
        shown: shown_version,
      }),
    onSuccess: async () => {
      void message.success(t('model.decided', { model, version }))
      onClose()
      await Promise.all(['models', 'model-versions'].map((what) => queries.invalidateQueries({ queryKey: [`/api/inference/v1/${what}`] })))
    },
  })
  const hospital = standing.platform ? t('model.newHospitals') : format.name(standing) || organisation
  return (
    <Modal
      open
      title={t(`model.${act}Title`, { model })}
      okText={t(`model.${act}`)}
      cancelText={t('action.cancel')}
      okButtonProps={{ disabled: reason.trim() === '', loading: decide.isPending }}
      onOk={() => decide.mutate()}
      onCancel={onClose}
    >
      <Flex vertical gap={12} data-testid="version-decision">
        {act === 'promote' && (
          <Select aria-label={t('model.newVersion')} value={chosen} onChange={setChosen} options={versions.map((value) => ({ value, label: value }))} />
        )}
        {act === 'promote' && (asked.asked === 0 || asked.failed > 0) && <Alert type="warning" showIcon title={failures(asked)} data-testid="doubt" />}
        <Typography.Text>{t('model.ask', { hospital, model, version, before: shown_version })}</Typography.Text>
        <Input.TextArea aria-label={t('model.reason')} placeholder={t('model.reason')} maxLength={500} rows={3} value={reason} onChange={(event) => setReason(event.target.value)} />
        {decide.error && <ErrorNotice error={decide.error} />}
      </Flex>
    </Modal>
  )
}
