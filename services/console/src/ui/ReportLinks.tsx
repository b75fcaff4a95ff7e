import { DownloadOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { App, Button, Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import { download, withQuery } from '../api/client'
import { useProblemText } from './Notice'

/** A signed report's documents: PDF, DICOM SR, FHIR DiagnosticReport. */
export function ReportLinks({ reportId, studyUid, version }: { reportId: string; studyUid: string; version: number }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problem = useProblemText()
  const fetchIt = useMutation({
    mutationFn: ({ path, name, accept }: { path: string; name: string; accept: string }) => download(path, name, accept),
    onError: (error) => void message.error(problem(error).line),
  })
  const base = `/api/reporting/v1/reports/${reportId}`
  const files = [
    { key: 'pdf', label: 'PDF', path: withQuery(`${base}.pdf`, { version }), name: `report-${reportId}-v${version}.pdf`, accept: 'application/pdf' },
    { key: 'dcm', label: 'DICOM SR', path: withQuery(`${base}.dcm`, { version }), name: `report-${reportId}-v${version}.dcm`, accept: 'application/dicom' },
    {
      key: 'fhir',
      label: 'FHIR',
      path: withQuery('/fhir/R4/DiagnosticReport', { identifier: `urn:oid:${studyUid}` }),
      name: `report-${reportId}.fhir.json`,
      accept: 'application/fhir+json',
    },
  ]
  return (
    <Flex wrap gap={8}>
      {files.map(({ key, label, ...file }) => (
        <Button
          key={key}
          icon={<DownloadOutlined />}
          onClick={() => fetchIt.mutate(file)}
          aria-label={t('report.download', { what: label })}
          data-testid={`download-${key}`}
        >
          {label}
        </Button>
      ))}
    </Flex>
  )
}
