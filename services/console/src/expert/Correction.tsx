import { App, Button, Flex, Input, InputNumber, Radio } from 'antd'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding, FindingDecision } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { labelOf, OTHER } from './stated'

const LONGEST_ANSWER = 200 // as the service takes it

interface Props {
  finding: Finding
  onDecide: (decision: FindingDecision) => void
  onClose: () => void
}

/** What the expert says instead of AI: another value, or another answer. */
export function Correction(props: Props) {
  return props.finding.coded ? <AnswerCorrection {...props} /> : <ValueCorrection {...props} />
}

function ValueCorrection({ finding, onDecide, onClose }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const [value, setValue] = useState<number | null>(finding.corrected_value ?? finding.value)
  const apply = () => {
    if (value === null) {
      void message.warning(t('finding.needsValue'))
      return
    }
    onDecide({ finding_id: finding.finding_id, state: 'corrected', corrected_value: value })
    onClose()
  }
  return (
    <Flex wrap gap={6} align="center">
      <InputNumber
        className="field"
        aria-label={t('finding.correctedValue', { label: labelOf(finding, language) })}
        value={value}
        onChange={setValue}
        min={0}
        step={0.1}
        suffix={finding.unit === 'd' ? t('finding.days') : finding.unit}
        autoFocus
        onPressEnter={apply}
        data-testid="corrected-value"
      />
      <Ends onApply={apply} onClose={onClose} />
    </Flex>
  )
}

function AnswerCorrection({ finding, onDecide, onClose }: Props) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { message } = App.useApp()
  const [answer, setAnswer] = useState(finding.corrected_answer?.code ?? '')
  const [text, setText] = useState(finding.corrected_text)
  const apply = () => {
    const corrected_text = text.trim()
    if (answer === '' || (answer === OTHER && corrected_text === '')) {
      void message.warning(t('finding.needsAnswer'))
      return
    }
    const decision: FindingDecision = { finding_id: finding.finding_id, state: 'corrected', corrected_answer: answer }
    onDecide(answer === OTHER ? { ...decision, corrected_text } : decision)
    onClose()
  }
  return (
    <Flex vertical gap={6}>
      <Radio.Group
        className="answers"
        aria-label={t('finding.correctedAnswer', { label: labelOf(finding, language) })}
        value={answer}
        onChange={(event) => setAnswer(event.target.value as string)}
        options={finding.alternatives.map((one) => ({ value: one.code, label: one[language] }))}
      />
      {answer === OTHER && (
        <Input
          aria-label={t('finding.otherAnswer')}
          placeholder={t('finding.otherAnswer')}
          value={text}
          onChange={(event) => setText(event.target.value)}
          maxLength={LONGEST_ANSWER}
          autoFocus
          onPressEnter={apply}
          data-testid="corrected-text"
        />
      )}
      <Flex wrap gap={6}>
        <Ends onApply={apply} onClose={onClose} />
      </Flex>
    </Flex>
  )
}

function Ends({ onApply, onClose }: { onApply: () => void; onClose: () => void }): ReactNode {
  const { t } = useTranslation()
  return (
    <>
      <Button size="small" type="primary" onClick={onApply} data-testid="save-correction">
        {t('action.apply')}
      </Button>
      <Button size="small" onClick={onClose}>
        {t('action.cancel')}
      </Button>
    </>
  )
}
