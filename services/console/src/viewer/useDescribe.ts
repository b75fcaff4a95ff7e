import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../ui/useFormat'
import type { Describe } from './Stage'

/** A measurement in words: millimetres, or why there are none. */
export function useDescribe() {
  const { t } = useTranslation()
  const format = useFormat()
  const describe = useMemo<Describe>(
    () => (measured) => {
      if ('refusal' in measured.result) return [t(`measureRefusal.${measured.result.refusal}`)]
      const mm = (value: number) => `${format.number(value, 1)} mm`
      if (measured.kind === 'length') return [mm(measured.result.lengthMm)]
      const { circumferenceMm, longMm, shortMm, areaMm2 } = measured.result
      return [
        t('measure.circumference', { value: mm(circumferenceMm) }),
        t('measure.axes', { long: mm(longMm), short: mm(shortMm) }),
        t('measure.area', { value: `${format.number(areaMm2 / 100, 2)} cm²` }),
      ]
    },
    [t, format],
  )
  const latest = useRef(describe)
  useEffect(() => {
    latest.current = describe
  }, [describe])
  return { describe, latest }
}
