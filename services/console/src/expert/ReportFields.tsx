import { Checkbox, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Draft } from '../api/types'

const FIELDS = ['description', 'impression', 'recommendation'] as const

/** The report's own words. */
export function ReportFields({ draft, onEdit }: { draft: Draft; onEdit: (change: (draft: Draft) => Draft) => void }) {
  const { t } = useTranslation()
  return (
    <Form layout="vertical" component="div">
      {FIELDS.map((field) => (
        <Form.Item key={field} label={t(`report.${field}`)} htmlFor={`report-${field}`}>
          <Input.TextArea
            id={`report-${field}`}
            data-testid={field}
            autoSize={{ minRows: field === 'description' ? 4 : 2, maxRows: 14 }}
            value={draft[field]}
            onChange={(event) => onEdit((before) => ({ ...before, [field]: event.target.value }))}
          />
        </Form.Item>
      ))}
      <Checkbox checked={draft.critical} onChange={(event) => onEdit((before) => ({ ...before, critical: event.target.checked }))} data-testid="critical">
        {t('report.critical')}
      </Checkbox>
    </Form>
  )
}
