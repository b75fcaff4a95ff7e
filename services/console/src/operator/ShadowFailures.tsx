import { Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../ui/useFormat'
import type { Asked } from './failures'

/** How often a version failed, or that it was asked nothing yet. */
export function useFailures(): (one: Asked) => string {
  const { t } = useTranslation()
  const format = useFormat()
  return ({ version, asked, failed }) =>
    asked === 0
      ? t('model.readNone', { version })
      : t('model.failedOn', { version, failed: format.number(failed), asked: format.number(asked), share: format.number((100 * failed) / asked, 1) })
}

export function Failures({ of }: { of: Asked[] }) {
  const failures = useFailures()
  return of.map((one) => (
    <Typography.Text key={one.version} className="cell-wrap" type={one.failed > 0 ? 'danger' : 'secondary'} data-testid="shadow-failures">
      {failures(one)}
    </Typography.Text>
  ))
}
