import { Alert, Flex, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Finding, Report } from '../api/types'
import { useFormat } from '../ui/useFormat'
import { FindingCard } from './FindingCard'
import { useInOrder } from './where'

const NONE: Finding[] = []

interface Props {
  report: Report
  selected: string | null
  onChoose: (finding: Finding) => void
}

/** Double reading: what the first expert signed, as it was signed. */
export function FirstReading({ report, selected, onChoose }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { first_reading: first, first_signed: by } = report
  const findings = useInOrder(first?.findings ?? NONE)
  if (first === null || by === null) return null
  return (
    <Flex vertical gap={12} data-testid="first-reading">
      <Alert type="info" showIcon title={t('second.firstBy', { name: by.display_name, at: format.dateTime(by.at) })} />
      {findings.map((finding) => (
        <FindingCard key={finding.finding_id} finding={finding} selected={finding.finding_id === selected} onChoose={onChoose} />
      ))}
      {(['description', 'impression', 'recommendation'] as const).map((field) => (
        <div key={field}>
          <Typography.Text strong>{t(`report.${field}`)}</Typography.Text>
          <Typography.Paragraph className="prose">{first[field] || '—'}</Typography.Paragraph>
        </div>
      ))}
      {first.critical && <Alert type="error" showIcon title={t('report.critical')} />}
    </Flex>
  )
}
