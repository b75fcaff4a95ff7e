import { DownloadOutlined } from '@ant-design/icons'
import { App, Button, Flex } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { download } from '../api/client'
import { useLanguage } from '../app/useLanguage'
import { useProblemText } from '../ui/Notice'

const KINDS = [
  { kind: 'csv', accept: 'text/csv' },
  { kind: 'pdf', accept: 'application/pdf' },
] as const

/** A document as CSV and PDF. */
export function FileButtons({ path, name }: { path: string; name: string }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problem = useProblemText()
  const language = useLanguage()
  const [busy, setBusy] = useState<string | null>(null)
  const fetchIt = async (kind: string, accept: string) => {
    setBusy(kind)
    try {
      await download(kind === 'pdf' ? `${path}.pdf?language=${language}` : `${path}.csv`, `${name}.${kind}`, accept)
    } catch (error) {
      void message.error(problem(error).line)
    } finally {
      setBusy(null)
    }
  }
  return (
    <Flex gap={6} wrap>
      {KINDS.map(({ kind, accept }) => (
        <Button
          key={kind}
          size="small"
          icon={<DownloadOutlined />}
          loading={busy === kind}
          aria-label={t('invoice.download', { name, kind: kind.toUpperCase() })}
          onClick={() => void fetchIt(kind, accept)}
        >
          {kind.toUpperCase()}
        </Button>
      ))}
    </Flex>
  )
}
