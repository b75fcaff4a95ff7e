import { useQuery } from '@tanstack/react-query'
import { Card, Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { getJson, withQuery } from '../api/client'
import type { Page, ReportVersion } from '../api/types'
import { ErrorNotice, Loading, Nothing } from '../ui/Notice'
import { ReportLinks } from '../ui/ReportLinks'
import { useFormat } from '../ui/useFormat'

/** The exam's report, when there is one, and its documents. */
export function ExamReports({ examId, studyUid }: { examId: string; studyUid: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const reports = useQuery({
    queryKey: ['reports', examId],
    queryFn: ({ signal }) => getJson<Page<ReportVersion>>(withQuery('/api/reporting/v1/reports', { exam_id: examId }), signal),
    refetchInterval: 15_000,
  })
  return (
    <Card title={t('exam.report')}>
      {reports.isPending && <Loading />}
      {reports.error && <ErrorNotice error={reports.error} onRetry={() => void reports.refetch()} />}
      {reports.data?.items.length === 0 && <Nothing>{t('report.none')}</Nothing>}
      <Flex vertical gap={12}>
        {reports.data?.items.map((report) => (
          <Flex key={`${report.report_id}/${report.version}`} wrap gap={12} align="center" justify="space-between" data-testid="report">
            <Flex vertical>
              <span>
                {t('report.versionLine', { version: report.version, at: format.dateTime(report.signed_at), by: report.signed_by })}{' '}
                {report.critical && <Tag color="red">{t('report.criticalShort')}</Tag>}
                {report.investigational && <Tag color="warning">{t('finding.investigational')}</Tag>}
              </span>
              <span className="wrap">{report.impression}</span>
            </Flex>
            <ReportLinks reportId={report.report_id} studyUid={studyUid} version={report.version} />
          </Flex>
        ))}
      </Flex>
    </Card>
  )
}
