import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { answerOffer } from '../api/reporting'
import type { Report } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { ErrorNotice } from '../ui/Notice'
import { useFormat } from '../ui/useFormat'
import { answerOf, labelOf } from './stated'

/** An analysis that came after the expert began: offered, never written over the draft. */
export function Offer({ report, before }: { report: Report; before: () => Promise<unknown> }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const format = useFormat()
  const queries = useQueryClient()
  const answer = useMutation({
    mutationFn: async (what: 'accept' | 'dismiss') => {
      await before()
      return answerOffer(report.id, what)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['report', report.id] }),
  })
  if (!report.is_offered) return null
  return (
    <Flex vertical gap={8}>
      <Alert
        type="info"
        showIcon
        title={t('read.offered', { count: report.offered.length })}
        description={
          <Flex vertical gap={8}>
            <ul className="offer">
              {report.offered.map((finding) => (
                <li key={finding.finding_id}>
                  {labelOf(finding, language)}: {finding.coded ? answerOf(finding, language) : `${format.number(finding.value, 1)} ${finding.unit === 'd' ? t('finding.days') : finding.unit}`}
                </li>
              ))}
            </ul>
            <Flex wrap gap={8}>
              <Button type="primary" loading={answer.isPending} onClick={() => answer.mutate('accept')} data-testid="offer-accept">
                {t('read.offerAccept')}
              </Button>
              <Button loading={answer.isPending} onClick={() => answer.mutate('dismiss')} data-testid="offer-dismiss">
                {t('read.offerDismiss')}
              </Button>
            </Flex>
          </Flex>
        }
      />
      {answer.error && <ErrorNotice error={answer.error} />}
    </Flex>
  )
}
