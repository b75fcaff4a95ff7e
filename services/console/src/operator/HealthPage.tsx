import { useQueries } from '@tanstack/react-query'
import { Button, Card, Flex, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson } from '../api/client'
import { asProblem } from '../api/problem'
import { useLanguage } from '../app/useLanguage'
import { sentence } from '../i18n/zh/sentences'
import { useProblemText } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'

const SERVICES = ['directory', 'ingest', 'inference', 'reporting', 'billing'] as const
const REFRESH_MS = 10_000

/** Each service as it answers itself, and the parts that it needs as it sees them. */
export function HealthPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const problem = useProblemText()
  const answers = useQueries({
    queries: SERVICES.map((service) => ({
      queryKey: ['health', service],
      queryFn: ({ signal }: { signal: AbortSignal }) => getJson<Record<string, string>>(`/api/${service}/v1/health`, signal),
      refetchInterval: REFRESH_MS,
      retry: false,
    })),
  })
  const updated = Math.max(...answers.map((answer) => Math.max(answer.dataUpdatedAt, answer.errorUpdatedAt)))
  return (
    <PageFrame
      title={t('menu.health')}
      hint={updated > 0 ? t('health.asOf', { at: format.dateTime(new Date(updated).toISOString()) }) : t('state.loading')}
      actions={<Button onClick={() => answers.forEach((answer) => void answer.refetch())}>{t('action.refresh')}</Button>}
    >
      <div className="health">
        {SERVICES.map((service, index) => {
          const answer = answers[index]
          const parts = Object.entries(answer?.data ?? {})
          const failing = answer?.error ?? null
          const up = failing === null && parts.every(([, state]) => state === 'ok')
          return (
            <Card
              key={service}
              title={t(`service.${service}`)}
              data-testid={`health-${service}`}
              extra={answer?.isPending ? t('state.loading') : <Tag color={up ? 'success' : 'error'}>{up ? t('health.ready') : t('health.notReady')}</Tag>}
            >
              {failing !== null && (
                <Typography.Text type="danger">{asProblem(failing).status >= 500 || asProblem(failing).status === 0 ? t('health.away') : problem(failing).title}</Typography.Text>
              )}
              <Flex vertical gap={4}>
                {parts.map(([part, state]) => (
                  <Flex key={part} gap={8} justify="space-between" wrap>
                    <span>{part}</span>
                    <Tag color={state === 'ok' ? 'success' : 'error'} className="wrap">
                      {state === 'ok' ? t('health.ok') : ((language === 'zh' && sentence(state, format.dateTime)) || state)}
                    </Tag>
                  </Flex>
                ))}
              </Flex>
            </Card>
          )
        })}
      </div>
    </PageFrame>
  )
}
