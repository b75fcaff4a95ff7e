import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { withQuery } from '../api/client'
import { aliasOf } from '../api/directory'
import { getReport, getTask } from '../api/reporting'
import type { Anchor, Finding, Task } from '../api/types'
import { ErrorNotice, Loading, Nothing } from '../ui/Notice'
import { FrameStore } from '../viewer/frames'
import { type Instance, instancesOfStudy } from '../viewer/study'
import { type Position, Viewer } from '../viewer/Viewer'
import { ReportPanel } from './ReportPanel'
import { WhereContext } from './where'

/** The reading page: the pictures on one side, the findings and the report beside them. */
export function ReadingPage() {
  const { taskId = '' } = useParams()
  const task = useQuery({ queryKey: ['task', taskId], queryFn: ({ signal }) => getTask(taskId, signal), refetchInterval: 15_000 })
  if (task.isPending) return <Loading />
  if (task.error) return <ErrorNotice error={task.error} onRetry={() => void task.refetch()} />
  return <Reading key={taskId} task={task.data} />
}

function Reading({ task }: { task: Task }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [position, setPosition] = useState<Position | null>(null)
  const [selected, setSelected] = useState<string | null>(null)
  const [shown, setShown] = useState<Finding[]>([])
  const report = useQuery({
    queryKey: ['report', task.report_id],
    queryFn: ({ signal }) => getReport(task.report_id, signal),
    refetchInterval: 15_000,
  })
  const owner = useQuery({ queryKey: ['alias', task.organisation_id], queryFn: ({ signal }) => aliasOf(task.organisation_id, signal), staleTime: Infinity })
  const alias = owner.data ?? null
  const study = useQuery({
    queryKey: ['study', alias, task.study_instance_uid],
    queryFn: ({ signal }) => instancesOfStudy(task.study_instance_uid, alias, signal),
    enabled: !owner.isPending,
    staleTime: Infinity,
  })
  // Late images are fetched when they are told of; what is on screen stays until then.
  const late = task.new_images || (report.data?.is_offered ?? false)
  useEffect(() => {
    if (late) void queries.invalidateQueries({ queryKey: ['study'] })
  }, [late, queries])
  const choose = useCallback((finding: Finding) => {
    setSelected(finding.finding_id)
    setPosition({ sopInstanceUid: finding.anchor.sop_instance_uid, frame: finding.anchor.key_frame })
  }, [])
  const where = useCallback(
    (anchor: Pick<Anchor, 'sop_instance_uid'>) => {
      const index = study.data?.findIndex((one) => one.sopInstanceUid === anchor.sop_instance_uid) ?? -1
      return index < 0 ? null : index + 1
    },
    [study.data],
  )
  const first = study.data?.[0]
  const at = position ?? (first && { sopInstanceUid: first.sopInstanceUid, frame: 1 })
  useEffect(() => {
    document.title = `${t('read.title')} · SonoBridge`
  }, [t])
  return (
    <div className="reading-page">
      <section aria-label={t('read.pictures')}>
        {study.isPending && <Loading />}
        {study.error && <ErrorNotice error={study.error} onRetry={() => void study.refetch()} />}
        {study.data?.length === 0 && <Nothing>{t('exam.noImages')}</Nothing>}
        {study.data && at && (
          <Pictures instances={study.data} organisation={alias} position={at} onPosition={setPosition} findings={shown} selected={selected} />
        )}
      </section>
      <section className="reading-side" aria-label={t('read.report')}>
        {report.error && <ErrorNotice error={report.error} onRetry={() => void report.refetch()} />}
        <WhereContext value={where}>
          <ReportPanel task={task} report={report.data ?? null} loading={report.isPending} selected={selected} onChoose={choose} onShown={setShown} />
        </WhereContext>
      </section>
    </div>
  )
}

interface PicturesProps {
  instances: Instance[]
  organisation: string | null
  position: Position
  onPosition: (position: Position) => void
  findings: Finding[]
  selected: string | null
}

function Pictures({ organisation, ...props }: PicturesProps) {
  const query = withQuery('', { organisation })
  const store = useMemo(() => new FrameStore(query), [query])
  useEffect(() => () => store.close(), [store])
  return <Viewer {...props} store={store} query={query} />
}
