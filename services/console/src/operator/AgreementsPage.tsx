import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate } from 'react-router-dom'
import type { Agreement } from '../api/types'
import { useHas } from '../app/me'
import { type Column, DataTable } from '../ui/DataTable'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { usePages } from '../ui/usePages'

export const AGREEMENTS = '/api/directory/v1/agreements'

/** The latest version of each agreement that the person may see. */
export function AgreementsPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate()
  const operator = useHas('operator')
  const agreements = usePages<Agreement>(AGREEMENTS)
  const columns: Column<Agreement>[] = [
    {
      key: 'number',
      title: t('agreement.number'),
      render: (one) => <Link to={`/agreements/${encodeURIComponent(one.number)}`}>{one.number}</Link>,
    },
    { key: 'requester', title: t('agreement.requester'), render: (one) => format.name({ name_zh: one.requester_name_zh, name_en: one.requester_name_en }) },
    { key: 'reader', title: t('agreement.reader'), render: (one) => format.name({ name_zh: one.reader_name_zh, name_en: one.reader_name_en }) },
    { key: 'services', title: t('agreement.services'), render: (one) => one.services.map((service) => `${service.modality}/${service.body_part}`).join(', ') },
    { key: 'version', title: t('agreement.version'), render: (one) => one.version },
    { key: 'from', title: t('agreement.validFrom'), render: (one) => format.date(one.valid_from) },
    { key: 'until', title: t('agreement.validUntil'), render: (one) => format.date(one.valid_until) },
  ]
  return (
    <PageFrame
      title={t('menu.agreements')}
      hint={t('agreement.hint')}
      actions={
        operator && (
          <Button type="primary" onClick={() => void navigate('/agreements/new')}>
            {t('agreement.add')}
          </Button>
        )
      }
    >
      <DataTable {...agreements} label={t('menu.agreements')} columns={columns} rowKey={(one) => one.id} empty={t('agreement.empty')} />
    </PageFrame>
  )
}
