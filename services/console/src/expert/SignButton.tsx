import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sign, WORKLIST } from '../api/reporting'
import type { Report, Task } from '../api/types'
import { ErrorNotice } from '../ui/Notice'

interface Props {
  task: Task
  report: Report
  /** What must be done before the signature, such as saving; gives the edition to sign, raises when it fails. */
  before: () => Promise<string | null>
}

/** The attestation and the signature. With double reading the first signature passes the exam on. */
export function SignButton({ task, report, before }: Props) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const [attested, setAttested] = useState(false)
  const passesOn = task.double_reading && report.first_signed === null
  const signing = useMutation({
    mutationFn: async () => {
      return sign(report.id, await before())
    },
    onSuccess: async () => {
      void message.success(t(passesOn ? 'second.passedOn' : 'report.signedNow'))
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['task', task.id] }),
        queries.invalidateQueries({ queryKey: ['report', report.id] }),
        queries.invalidateQueries({ queryKey: [WORKLIST] }),
      ])
    },
  })
  return (
    <>
      <Checkbox checked={attested} onChange={(event) => setAttested(event.target.checked)} data-testid="attestation">
        {t('report.attestation')}
      </Checkbox>
      <Button type="primary" size="large" disabled={!attested} loading={signing.isPending} onClick={() => signing.mutate()} data-testid="sign">
        {t(passesOn ? 'second.signFirst' : 'report.sign')}
      </Button>
      {signing.error && <ErrorNotice error={signing.error} />}
    </>
  )
}
