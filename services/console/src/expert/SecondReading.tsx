import { Collapse, Flex, Radio, Typography } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { getReport, saveDraft } from '../api/reporting'
import type { Finding, Report, Task } from '../api/types'
import { DraftEditor } from './DraftEditor'
import { draftOf, sameReading } from './draft'
import { FirstReading } from './FirstReading'
import { Offer } from './Offer'
import { SignButton } from './SignButton'

interface Props {
  task: Task
  report: Report
  selected: string | null
  onChoose: (finding: Finding) => void
  onShown: (findings: Finding[]) => void
}

type Opinion = 'agree' | 'change'

/** The second of two readers: sees what the first signed, agrees with it or changes it, and signs. */
export function SecondReading({ task, report, selected, onChoose, onShown }: Props) {
  const { t } = useTranslation()
  // Nothing is chosen for the second reader: an opinion that stands there already is easily taken over.
  const [opinion, setOpinion] = useState<Opinion | null>(() => (sameReading(report) ? null : 'change'))
  const choice = { selected, onChoose }
  return (
    <Flex vertical gap={12} data-testid="second-reading">
      <Typography.Text>{t('second.hint')}</Typography.Text>
      <Radio.Group
        block
        optionType="button"
        buttonStyle="solid"
        aria-label={t('second.opinion')}
        value={opinion}
        onChange={(event) => setOpinion(event.target.value as Opinion)}
        options={[
          { value: 'agree', label: <span data-testid="agree">{t('second.agree')}</span> },
          { value: 'change', label: <span data-testid="change">{t('second.change')}</span> },
        ]}
      />
      {opinion !== 'change' ? (
        <Agreement task={task} report={report} {...choice} onShown={onShown} signs={opinion === 'agree'} />
      ) : (
        <>
          <Collapse items={[{ key: 'first', label: t('second.showFirst'), children: <FirstReading report={report} {...choice} /> }]} />
          <DraftEditor key={report.findings.length} task={task} report={report} {...choice} onShown={onShown} />
        </>
      )}
    </Flex>
  )
}

/** Signing what the first reader signed. A draft that was changed meanwhile goes back to it first. */
function Agreement({ task, report, onShown, signs, ...choice }: Props & { signs: boolean }) {
  const first = report.first_reading
  useEffect(() => onShown(first?.findings ?? []), [first, onShown])
  const prepare = async () => {
    const now = await getReport(report.id)
    if (first === null || sameReading(now)) return now.etag
    const { etag, body } = await saveDraft(report.id, draftOf(first), now.etag)
    return etag ?? body?.etag ?? null
  }
  return (
    <>
      <FirstReading report={report} {...choice} />
      <Offer report={report} before={() => Promise.resolve()} />
      {signs && <SignButton task={task} report={report} before={prepare} />}
    </>
  )
}
