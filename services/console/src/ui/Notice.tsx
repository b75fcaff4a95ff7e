import { Alert, Button, Empty, Flex, Spin, Typography } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem, type Problem } from '../api/problem'

const KNOWN = [0, 400, 401, 403, 404, 409, 412, 413, 415, 422, 503] as const

export function useProblemText(): (error: unknown) => { title: string; next: string; detail: string } {
  const { t } = useTranslation()
  return (error) => {
    const problem: Problem = asProblem(error)
    const status = KNOWN.find((known) => known === problem.status) ?? (problem.status > 500 ? 503 : 500)
    return { title: t(`problem.s${status}.title`), next: t(`problem.s${status}.next`), detail: problem.detail }
  }
}

/** What went wrong, what to do next, and a way to try again. */
export function ErrorNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const text = useProblemText()(error)
  const trace = asProblem(error).data['trace_id']
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={text.title}
      description={
        <Flex vertical gap={4}>
          {text.detail !== '' && text.detail !== text.title && <span>{text.detail}</span>}
          <span>{text.next}</span>
          {typeof trace === 'string' && (
            <Typography.Text type="secondary" copyable className="wrap">
              {trace}
            </Typography.Text>
          )}
        </Flex>
      }
      action={onRetry && <Button onClick={onRetry}>{t('action.retry')}</Button>}
    />
  )
}

export function Loading({ label }: { label?: string }) {
  const { t } = useTranslation()
  return (
    <Flex justify="center" align="center" gap={12} className="loading" role="status">
      <Spin />
      <span>{label ?? t('state.loading')}</span>
    </Flex>
  )
}

export function Nothing({ children }: { children: ReactNode }) {
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={children} />
}
