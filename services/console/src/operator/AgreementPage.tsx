import { useQuery } from '@tanstack/react-query'
import { Button, Card, Flex, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router-dom'
import { getJson, withQuery } from '../api/client'
import type { AgreementHistory } from '../api/types'
import { useHas } from '../app/me'
import { ErrorNotice, Loading } from '../ui/Notice'
import { PageFrame } from '../ui/PageFrame'
import { useFormat } from '../ui/useFormat'
import { AgreementForm } from './AgreementForm'
import { AGREEMENTS } from './AgreementsPage'
import { AgreementTerms } from './AgreementTerms'

/** One agreement: each version as it was agreed, and for operators the next one. */
export function AgreementPage() {
  const { t } = useTranslation()
  const format = useFormat()
  const { number = '' } = useParams()
  const operator = useHas('operator')
  const [version, setVersion] = useState<number | null>(null)
  const [editing, setEditing] = useState(false)
  const agreement = useQuery({
    queryKey: [AGREEMENTS, number, version],
    queryFn: ({ signal }) => getJson<AgreementHistory>(withQuery(`${AGREEMENTS}/${encodeURIComponent(number)}`, { version }), signal),
  })
  if (agreement.isPending) return <Loading />
  if (agreement.error) return <ErrorNotice error={agreement.error} onRetry={() => void agreement.refetch()} />
  const one = agreement.data
  const close = () => {
    setEditing(false)
    setVersion(null)
  }
  return (
    <PageFrame
      title={t('agreement.title', { number: one.number })}
      hint={`${format.name({ name_zh: one.requester_name_zh, name_en: one.requester_name_en })} → ${format.name({ name_zh: one.reader_name_zh, name_en: one.reader_name_en })}`}
      actions={
        operator &&
        !editing && (
          <Button type="primary" onClick={() => setEditing(true)} data-testid="new-version">
            {t('agreement.newVersion')}
          </Button>
        )
      }
    >
      {editing ? (
        <AgreementForm agreement={one} onClose={close} onSaved={close} />
      ) : (
        <>
          <Flex wrap>
            <Segmented
              aria-label={t('agreement.version')}
              value={one.version}
              onChange={setVersion}
              options={one.versions.map((each) => ({ value: each.version, label: t('agreement.versionFrom', { version: each.version, from: format.date(each.valid_from) }) }))}
            />
          </Flex>
          <Card>
            <AgreementTerms agreement={one} />
          </Card>
        </>
      )}
    </PageFrame>
  )
}

export function NewAgreementPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <PageFrame title={t('agreement.add')}>
      <AgreementForm
        agreement={null}
        onClose={() => void navigate('/agreements')}
        onSaved={(number) => void navigate(`/agreements/${encodeURIComponent(number)}`)}
      />
    </PageFrame>
  )
}
