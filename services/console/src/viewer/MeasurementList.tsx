import { DeleteOutlined } from '@ant-design/icons'
import { Button, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Describe, Measurement } from './Stage'

interface Props {
  measurements: Measurement[]
  describe: Describe
  onGo: (sopInstanceUid: string, frame: number) => void
  onRemove: (id: string) => void
}

/** The measurements in words, for those who do not see the lines and for those who want to go back to one. */
export function MeasurementList({ measurements, describe, onGo, onRemove }: Props) {
  const { t } = useTranslation()
  return (
    <ul className="measurements" aria-label={t('measure.list')} data-testid="measurements">
      {measurements.length === 0 && <li className="hint">{t('measure.hint')}</li>}
      {measurements.map((one) => (
        <li key={one.id}>
          <Flex gap={8} align="center" justify="space-between">
            <Button type="link" className="wrap measurement" onClick={() => onGo(one.sopInstanceUid, one.frame)}>
              {t(`measure.${one.kind}`)}: {describe(one).join(' · ')}
            </Button>
            <Button size="small" icon={<DeleteOutlined />} aria-label={t('measure.remove')} onClick={() => onRemove(one.id)} />
          </Flex>
        </li>
      ))}
    </ul>
  )
}
