import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Money } from '../api/types'
import { useMe } from '../app/me'
import { useLanguage } from '../app/useLanguage'
import { formatCertainty } from './certainty'
import { formatMoney } from './money'
import { formatDate, formatDateTime, splitMinutes } from './time'

/** Dates in the organisation's time zone, money and numbers as the chosen language writes them. */
export function useFormat() {
  const language = useLanguage()
  const { t } = useTranslation()
  const timeZone = useMe().organisation.time_zone
  return useMemo(() => {
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
    return {
      locale,
      timeZone,
      dateTime: (instant: string | null | undefined) => (instant ? formatDateTime(instant, locale, timeZone) : '—'),
      date: (date: string | null | undefined) => (date ? formatDate(date, locale) : '—'),
      money: (money: Money) => formatMoney(money, locale),
      number: (value: number, digits = 0) =>
        new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value),
      certainty: (percent: number) => formatCertainty(percent, locale),
      span: (minutes: number) =>
        splitMinutes(minutes)
          .map(([unit, count]) => t(`time.${unit}`, { value: count }))
          .join(' '),
      name: (both: { name_zh: string; name_en: string }) => (language === 'zh' ? both.name_zh : both.name_en) || both.name_zh || both.name_en,
    }
  }, [language, timeZone, t])
}
