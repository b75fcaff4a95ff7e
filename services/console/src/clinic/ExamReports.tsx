import { useQuery } from '@tanstack/react-query'
import { Card, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page, ReportSummary } from '../api/types'
import { ErrorNotice, Loading, Nothing } from '../ui/Notice'
import { ReportLinks } from '../ui/ReportLinks'
import { TaskStateTag } from '../ui/tags'

/** The exam's report, when there is one, and its documents. */
export function ExamReports({ examId, studyUid }: { examId: string; studyUid: string }) {
  const { t } = useTranslation()
  const reports = useQuery({
    queryKey: ['reports', examId],
    queryFn: ({ signal }) => getJson<Page<ReportSummary>>(withQuery('/api/reporting/v1/reports', { exam_id: examId }), signal),
    refetchInterval: 15_000,
  })
  return (
    <Card title={t('exam.report')}>
      {reports.isPending && <Loading />}
      {reports.error && <ErrorNotice error={reports.error} onRetry={() => void reports.refetch()} />}
      {reports.data?.items.length === 0 && <Nothing>{t('report.none')}</Nothing>}
      {reports.data?.items.map((report) => (
        <Flex key={report.id} wrap gap={12} align="center">
          <TaskStateTag state={report.state} />
          {report.version > 0 ? (
            <>
              <span>{t('report.version', { version: report.version })}</span>
              <ReportLinks reportId={report.id} studyUid={studyUid} version={report.version} />
            </>
          ) : (
            <span>{t('report.notSigned')}</span>
          )}
        </Flex>
      ))}
    </Card>
  )
}
