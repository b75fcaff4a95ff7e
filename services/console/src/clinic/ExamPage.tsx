import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Checkbox, Descriptions, Flex, Popconfirm, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router-dom'
import { getJson, send } from '../api/client'
import { type Exam, PRIORITIES, type Priority } from '../api/types'
import { useHas } from '../app/me'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { patientName } from '../ui/patient'
import { CoverageTag, ExamStateTag, PriorityTag, ReportStateTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { ExamImages } from './ExamImages'
import { ExamReports } from './ExamReports'
import { ImageHints } from './ImageHints'
import { Missing } from './Missing'

/** One exam of the clinic: its facts, what it lacks, and what the clinic can do about it. */
export function ExamPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { id = '' } = useParams()
  const staff = useHas('clinic_staff')
  const path = `/api/ingest/v1/exams/${id}`
  const exam = useQuery({ queryKey: ['exam', id], queryFn: ({ signal }) => getJson<Exam>(path, signal), refetchInterval: 10_000 })
  if (exam.isPending) return <Loading />
  if (exam.error) return <ErrorNotice error={exam.error} onRetry={() => void exam.refetch()} />
  const one = exam.data
  return (
    <PageFrame title={patientName(one.patient)} hint={one.study_description}>
      <div className="two-columns">
        <Card title={t('exam.facts')}>
          <Descriptions
            column={{ xs: 1, md: 2 }}
            size="small"
            items={[
              { key: 'id', label: t('exam.patientId'), children: one.patient.id || '—' },
              { key: 'birth', label: t('exam.birthDate'), children: format.date(one.patient.birth_date) },
              { key: 'accession', label: t('exam.accession'), children: one.accession_number || '—' },
              { key: 'what', label: t('exam.what'), children: [one.modality, one.body_part].filter(Boolean).join(' · ') },
              { key: 'received', label: t('exam.received'), children: format.dateTime(one.first_instance_at) },
              { key: 'serviceDate', label: t('exam.serviceDate'), children: format.date(one.service_date) },
              { key: 'images', label: t('exam.images'), children: t('exam.imagesFrames', { images: one.instances, frames: one.frames }) },
              { key: 'priority', label: t('exam.priority'), children: <PriorityTag priority={one.priority} /> },
              { key: 'state', label: t('exam.state'), children: <ExamStateTag state={one.state} /> },
              { key: 'report', label: t('exam.report'), children: <ReportStateTag state={one.report_state} /> },
              { key: 'coverage', label: t('exam.coverage'), children: <CoverageTag coverage={one.coverage} /> },
              { key: 'missing', label: t('exam.missing'), children: <Missing codes={one.missing} /> },
              { key: 'uid', label: t('exam.uid'), span: 'filled', children: <span className="mono wrap">{one.study_instance_uid}</span> },
            ]}
          />
        </Card>
        <Flex vertical gap={16}>
          {staff && <Completion exam={one} path={path} />}
          {staff && <Consent exam={one} path={path} key={String(one.consent_recorded) + String(one.trial_consent_recorded)} />}
        </Flex>
      </div>
      <ImageHints examId={one.id} />
      <ExamReports examId={one.id} studyUid={one.study_instance_uid} />
      <ExamImages studyUid={one.study_instance_uid} instances={one.instances} />
    </PageFrame>
  )
}

function useChange(examId: string, change: () => Promise<unknown>, done: string) {
  const { message } = App.useApp()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      void message.success(done)
      await Promise.all([queries.invalidateQueries({ queryKey: ['exam', examId] }), queries.invalidateQueries({ queryKey: ['/api/ingest/v1/exams'] })])
    },
  })
}

function Completion({ exam, path }: { exam: Exam; path: string }) {
  const { t } = useTranslation()
  const [priority, setPriority] = useState<Priority>(exam.priority)
  const complete = useChange(exam.id, () => send('POST', `${path}/complete`, { priority }), t('exam.completed'))
  if (exam.state !== 'receiving') return null
  return (
    <Card title={t('exam.completeTitle')}>
      <Flex vertical gap={12}>
        <span>{t('exam.completeHint')}</span>
        <Flex wrap gap={8} align="center">
          <Select<Priority>
            aria-label={t('exam.priority')}
            className="field"
            value={priority}
            onChange={setPriority}
            options={PRIORITIES.map((value) => ({ value, label: t(`priority.${value}`) }))}
          />
          <Popconfirm title={t('exam.completeAsk', { images: exam.instances })} onConfirm={() => complete.mutate()} okText={t('action.yes')} cancelText={t('action.no')}>
            <Button type="primary" loading={complete.isPending} data-testid="complete-exam">
              {t('exam.complete')}
            </Button>
          </Popconfirm>
        </Flex>
        {complete.error && <ErrorNotice error={complete.error} />}
      </Flex>
    </Card>
  )
}

function Consent({ exam, path }: { exam: Exam; path: string }) {
  const { t } = useTranslation()
  const [remote, setRemote] = useState(exam.consent_recorded)
  const [trial, setTrial] = useState(exam.trial_consent_recorded)
  const save = useChange(exam.id, () => send('PUT', `${path}/consent`, { remote_reading: remote, trial }), t('exam.consentSaved'))
  return (
    <Card title={t('exam.consentTitle')}>
      <Flex vertical gap={12}>
        <span>{t('exam.consentHint')}</span>
        <Checkbox checked={remote} onChange={(event) => setRemote(event.target.checked)}>
          {t('exam.consentRemote')}
        </Checkbox>
        <Checkbox checked={trial} onChange={(event) => setTrial(event.target.checked)}>
          {t('exam.consentTrial')}
        </Checkbox>
        <div>
          <Button onClick={() => save.mutate()} loading={save.isPending} data-testid="save-consent">
            {t('exam.consentSave')}
          </Button>
        </div>
        {save.error && <ErrorNotice error={save.error} />}
      </Flex>
    </Card>
  )
}
