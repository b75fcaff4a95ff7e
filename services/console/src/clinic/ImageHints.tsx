import { useQuery } from '@tanstack/react-query'
import { Alert, Card, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page } from '../api/types'
import { ANATOMIES, type Analysis, faults, otherAnatomies, unreadable } from './faults'

/** What AI noticed about the images that the clinic can act on: their quality, and another anatomy than the exam says. */
export function ImageHints({ examId }: { examId: string }) {
  const { t } = useTranslation()
  const analyses = useQuery({
    queryKey: ['analyses', examId],
    queryFn: ({ signal }) => getJson<Page<Analysis>>(withQuery('/api/inference/v1/analyses', { exam_id: examId }), signal),
    refetchInterval: 15_000,
  })
  const latest = analyses.data?.items.find((one) => one.state === 'completed')
  if (!latest) return null
  const found = faults(latest)
  const unread = unreadable(latest)
  if (found.length === 0 && !latest.contradictions?.length && unread === 0) return null
  return (
    <Card title={t('imageHints.title')} data-testid="image-hints">
      <Flex vertical gap={8}>
        {latest.investigational && <Alert type="warning" showIcon title={t('hints.investigational')} />}
        <ul className="plain">
          {unread > 0 && <li>{t('imageHints.unreadable', { count: unread })}</li>}
          {found.map(([fault, count]) => (
            <li key={fault}>{t('imageHints.line', { what: t(`fault.${fault}`), count })}</li>
          ))}
          {otherAnatomies(latest).map(({ body_part, view, count }) => {
            const known = ANATOMIES.find((one) => one === view.value)
            return <li key={`${body_part} ${view.value}`}>{t('imageHints.contradiction', { part: body_part, view: known ? t(`anatomy.${known}`) : view.meaning, count })}</li>
          })}
        </ul>
      </Flex>
    </Card>
  )
}
