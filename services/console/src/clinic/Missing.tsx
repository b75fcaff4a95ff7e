import { Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'

const KNOWN = ['completion', 'agreement', 'consent', 'trial_consent', 'patient_name', 'patient_id', 'body_part', 'calibration', 'images', 'report'] as const

/** What an exam still lacks, in words; a code that the console does not know yet is shown as it came. */
export function Missing({ codes }: { codes: string[] }) {
  const { t } = useTranslation()
  if (codes.length === 0) return <span>{t('exam.nothingMissing')}</span>
  return (
    <Flex wrap gap={4}>
      {codes.map((code) => {
        const known = KNOWN.find((one) => one === code)
        return (
          <Tag key={code} color="warning">
            {known ? t(`missing.${known}`) : code}
          </Tag>
        )
      })}
    </Flex>
  )
}
