import { FileAddOutlined, FolderOpenOutlined, ReloadOutlined } from '@ant-design/icons'
import { Alert, Button, Flex, Progress, Tag, Typography } from 'antd'
import { type DragEvent, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { type Column, DataTable } from '../ui/DataTable'
import { useProblemText } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { droppedFiles } from './dropped'
import { type UploadRow, uploads } from './uploads'

const COLOURS = { waiting: 'default', sending: 'processing', stored: 'success', refused: 'error', interrupted: 'warning' } as const

/** Sends DICOM files from this computer; each file says how far it is and, when refused, why. */
export function UploadPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const problem = useProblemText()
  const rows = useSyncExternalStore(uploads.subscribe, uploads.snapshot)
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const drop = async (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    uploads.add(await droppedFiles(event.dataTransfer))
  }
  const done = rows.filter((row) => row.state === 'stored').length
  const refused = rows.filter((row) => row.state === 'refused').length
  const columns: Column<UploadRow>[] = [
    { key: 'name', title: t('upload.file'), render: (row) => <span className="wrap">{row.name}</span> },
    { key: 'size', title: t('upload.size'), align: 'right', render: (row) => t('upload.megabytes', { size: format.number(row.size / 1e6, 1) }) },
    {
      key: 'progress',
      title: t('upload.progress'),
      width: 180,
      render: (row) => (
        <Progress
          aria-label={t('upload.progressOf', { name: row.name })}
          size="small"
          percent={row.size === 0 ? 0 : Math.floor((100 * row.sent) / row.size)}
          status={row.state === 'refused' ? 'exception' : row.state === 'stored' ? 'success' : 'normal'}
        />
      ),
    },
    { key: 'state', title: t('upload.state'), render: (row) => <Tag color={COLOURS[row.state]}>{t(`uploadState.${row.state}`)}</Tag> },
    {
      key: 'reason',
      title: t('upload.result'),
      render: (row) =>
        row.state === 'interrupted' ? (
          <Flex gap={8} align="center" wrap>
            <span className="wrap">{(row.problem && problem(row.problem).detail) || t('upload.interrupted')}</span>
            <Button size="small" icon={<ReloadOutlined />} onClick={() => uploads.retry(row.id)}>
              {t('action.resume')}
            </Button>
          </Flex>
        ) : (
          <span className="wrap cell-wrap">{row.problem ? problem(row.problem).detail || problem(row.problem).title : row.state === 'stored' ? t('upload.stored') : '—'}</span>
        ),
    },
  ]
  const input = { type: 'file', multiple: true, hidden: true } as const
  return (
    <PageFrame title={t('menu.upload')} hint={t('upload.hint')}>
      <div
        className={over ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => void drop(event)}
      >
        <Typography.Paragraph>{t('upload.drop')}</Typography.Paragraph>
        <Flex wrap gap={8} justify="center">
          <Button type="primary" icon={<FileAddOutlined />} onClick={() => files.current?.click()}>
            {t('upload.chooseFiles')}
          </Button>
          <Button icon={<FolderOpenOutlined />} onClick={() => folder.current?.click()}>
            {t('upload.chooseFolder')}
          </Button>
        </Flex>
        <input
          {...input}
          ref={files}
          data-testid="upload-files"
          aria-label={t('upload.chooseFiles')}
          onChange={(event) => {
            uploads.add(event.target.files ?? [])
            event.target.value = ''
          }}
        />
        <input
          {...input}
          ref={folder}
          {...{ webkitdirectory: '' }}
          aria-label={t('upload.chooseFolder')}
          onChange={(event) => {
            uploads.add(event.target.files ?? [])
            event.target.value = ''
          }}
        />
      </div>
      {rows.length > 0 && (
        <Flex wrap gap={12} align="center" justify="space-between" role="status">
          <span data-testid="upload-summary">{t('upload.summary', { total: rows.length, done, refused })}</span>
          <Button onClick={() => uploads.clearFinished()}>{t('upload.clear')}</Button>
        </Flex>
      )}
      {done > 0 && (
        <Alert type="info" showIcon title={t('upload.next')} action={<Link to="/exams">{t('menu.exams')}</Link>} />
      )}
      <DataTable label={t('menu.upload')} columns={columns} rows={rows} rowKey={(row) => row.id} empty={t('upload.empty')} />
    </PageFrame>
  )
}
