import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { GateMode } from '../api/types'
import { beyond } from './cardModes'

/** Says so where an agreement asks for more than a model's card allows. */
export function BeyondCard({ asked, most }: { asked: GateMode | undefined; most: GateMode | undefined }) {
  const { t } = useTranslation()
  if (!asked || !most || !beyond(asked, most)) return null
  return (
    <Tag color="error" className="cell-wrap" data-testid="beyond-card">
      {t('agreement.beyondCard', { most: t(`mode.${most}`) })}
    </Tag>
  )
}
