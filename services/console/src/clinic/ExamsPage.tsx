import { Button, DatePicker, Flex, Form, Input, Select } from 'antd'
import type { Dayjs } from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import { EXAM_STATES, type Exam, type ExamState } from '../api/types'
import { useHas } from '../app/me'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { patientName } from '../ui/patient'
import { CoverageTag, ExamStateTag, PriorityTag, ReportStateTag } from '../ui/tags'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'
import { Missing } from './Missing'

interface Filter {
  state?: ExamState
  days?: [Dayjs, Dayjs] | null
  uid?: string
}

/** The organisation's own exams: where each stands and what it still lacks. */
export function ExamsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  const uploads = useHas('clinic_staff')
  const [filter, setFilter] = useState<Filter>({})
  const exams = usePages<Exam>(
    '/api/ingest/v1/exams',
    {
      state: filter.state,
      from: filter.days?.[0].format('YYYY-MM-DD'),
      to: filter.days?.[1].format('YYYY-MM-DD'),
      study_instance_uid: filter.uid?.trim(),
    },
    15_000,
  )
  const columns: Column<Exam>[] = [
    {
      key: 'patient',
      title: t('exam.patient'),
      render: (exam) => (
        <Link to={`/exams/${exam.id}`} data-testid={`exam-${exam.study_instance_uid}`}>
          {patientName(exam.patient)}
        </Link>
      ),
    },
    { key: 'what', title: t('exam.what'), render: (exam) => [exam.modality, exam.body_part, exam.study_description].filter(Boolean).join(' · ') },
    { key: 'received', title: t('exam.received'), render: (exam) => format.dateTime(exam.first_instance_at) },
    { key: 'images', title: t('exam.images'), align: 'right', render: (exam) => t('exam.imagesFrames', { images: exam.instances, frames: exam.frames }) },
    { key: 'priority', title: t('exam.priority'), render: (exam) => <PriorityTag priority={exam.priority} /> },
    { key: 'state', title: t('exam.state'), render: (exam) => <ExamStateTag state={exam.state} /> },
    { key: 'coverage', title: t('exam.coverage'), render: (exam) => <CoverageTag coverage={exam.coverage} /> },
    { key: 'missing', title: t('exam.missing'), render: (exam) => <Missing codes={exam.missing} /> },
    { key: 'report', title: t('exam.report'), render: (exam) => <ReportStateTag state={exam.report_state} /> },
  ]
  return (
    <PageFrame
      title={t('menu.exams')}
      actions={
        uploads && (
          <Button type="primary" onClick={() => void navigate('/upload')}>
            {t('menu.upload')}
          </Button>
        )
      }
    >
      <Form<Filter> layout="vertical" onValuesChange={(_, values) => setFilter(values)} className="filters">
        <Flex wrap gap={12}>
          <Form.Item name="state" label={t('exam.state')}>
            <Select allowClear className="field" placeholder={t('filter.all')} options={EXAM_STATES.map((value) => ({ value, label: t(`examState.${value}`) }))} />
          </Form.Item>
          <Form.Item name="days" label={t('exam.serviceDate')}>
            <DatePicker.RangePicker className="field-wide" />
          </Form.Item>
          <Form.Item name="uid" label={t('exam.uid')}>
            <Input allowClear className="field-wide" />
          </Form.Item>
        </Flex>
      </Form>
      <DataTable {...exams} label={t('menu.exams')} columns={columns} rowKey={(exam) => exam.id} empty={t('exam.empty')} />
    </PageFrame>
  )
}
