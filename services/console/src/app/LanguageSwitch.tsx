import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { choose, type Language } from '../i18n'
import { useLanguage } from './useLanguage'

export function LanguageSwitch() {
  const { t } = useTranslation()
  return (
    <Segmented<Language>
      aria-label={t('language')}
      size="small"
      value={useLanguage()}
      onChange={(language) => void choose(language)}
      options={[
        { value: 'zh', label: '中文' },
        { value: 'en', label: 'EN' },
      ]}
    />
  )
}
