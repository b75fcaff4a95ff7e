import { Alert, Button, Empty, Flex, Spin, Typography } from 'antd'
import { type ReactNode, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { asProblem, type Problem } from '../api/problem'
import { MeContext } from '../app/me'
import { useLanguage } from '../app/useLanguage'
import { inChinese } from '../i18n/zh/sentences'
import { formatDateTime } from './time'

const STATUSES = [0, 400, 401, 403, 404, 409, 412, 413, 415, 422, 503] as const
const CODES = ['ClaimedByAnother', 'FindingsUndecided', 'NotClaimed', 'SameReaderTwice', 'StorageFull', 'UndecodableFrame'] as const

/** Whether the address itself was refused: an id that is none names nothing. */
function namesNothing({ status, data }: Problem): boolean {
  const faults = Array.isArray(data['faults']) ? (data['faults'] as { where?: unknown }[]) : []
  return status === 422 && faults.some(({ where }) => typeof where === 'string' && where.startsWith('path.'))
}

export interface ProblemText {
  title: string
  /** What the service said, in the reader's language where it is known; empty where it adds nothing. */
  detail: string
  next: string
  /** All of it, for a message of one line. */
  line: string
}

/** A problem in the reader's words: by its code where that says more, else by its status. */
export function useProblemText(): (error: unknown) => ProblemText {
  const { t } = useTranslation()
  const language = useLanguage()
  const zone = useContext(MeContext)?.organisation.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  return (error) => {
    const problem: Problem = asProblem(error)
    const status = namesNothing(problem) ? 404 : (STATUSES.find((known) => known === problem.status) ?? (problem.status > 500 ? 503 : 500))
    const code = CODES.find((known) => known === problem.code) ?? (`s${status}` as const)
    const title = t(`problem.${code}.title`)
    const next = t(`problem.${code}.next`)
    // The browser's own words for a lost connection are nobody's: the title says it.
    const said = problem.status === 0 || namesNothing(problem) || problem.detail === title ? '' : problem.detail
    const chinese = said === '' ? null : inChinese(problem, (instant) => formatDateTime(instant, 'zh-CN', zone))
    const detail = language === 'en' || said === '' ? said : (chinese ?? t('problem.original', { text: said }))
    return { title, detail, next, line: [title, detail, next].filter((part) => part !== '').join(language === 'zh' ? '　' : ' · ') }
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
          {text.detail !== '' && <span className="wrap">{text.detail}</span>}
          <span>{text.next}</span>
          {typeof trace === 'string' && (
            <Typography.Text type="secondary" copyable={{ text: trace }} className="wrap">
              {t('problem.trace', { trace })}
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
