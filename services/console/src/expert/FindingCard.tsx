import { Button, Flex, Tag } from 'antd'
import { useContext, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding, FindingDecision } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { useFormat } from '../ui/useFormat'
import { Correction } from './Correction'
import { answerOf, correctedAnswerOf, labelOf, weeksAndDays } from './stated'
import { WhereContext } from './where'

const COLOURS = { proposed: 'processing', accepted: 'success', corrected: 'warning', rejected: 'default' } as const

interface Props {
  finding: Finding
  selected: boolean
  onChoose: (finding: Finding) => void
  /** Absent where nothing can be changed any more. */
  onDecide?: (decision: FindingDecision) => void
  /** It was a hint that nobody must decide, and can be one again. */
  optional?: boolean
}

/** One finding: what it says, how sure, by which model; a click shows where. The expert accepts, corrects or rejects it. */
export function FindingCard({ finding, selected, onChoose, onDecide, optional = false }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const language = useLanguage()
  const [correcting, setCorrecting] = useState(false)
  const label = labelOf(finding, language)
  const plane = language === 'zh' ? finding.anchor.plane_zh : finding.anchor.plane_en
  const image = useContext(WhereContext)(finding.anchor)
  const { lower, upper, unit, finding_id } = finding
  const interval = upper > lower ? ` (${format.number(lower, 1)}–${format.number(upper, 1)})` : ''
  // Of a figure it is the outline's: how likely it lies right, not how sure the figure is.
  const certainty = finding.coded || finding.anchor.contour.length === 0 ? 'finding.certainty' : 'finding.outlineCertainty'
  const reported = finding.corrected_value ?? finding.value
  const otherAnswer = correctedAnswerOf(finding, language)
  return (
    <div className={selected ? 'finding selected' : 'finding'} data-testid={`finding-${finding.code}`} data-state={finding.state}>
      <Flex vertical gap={6}>
        <button type="button" className="finding-title" aria-pressed={selected} onClick={() => onChoose(finding)}>
          <Flex justify="space-between" gap={8} wrap>
            <strong>{label}</strong>
            <span className={finding.coded ? undefined : 'number'}>
              {finding.coded ? (
                <span data-testid="answer">
                  {otherAnswer === null ? (
                    <strong>{answerOf(finding, language)}</strong>
                  ) : (
                    <>
                      <s>{answerOf(finding, language)}</s> <strong>{otherAnswer}</strong>
                    </>
                  )}
                </span>
              ) : (
                <>
                  {finding.state === 'corrected' && finding.corrected_value !== null ? (
                    <>
                      <s>{format.number(finding.value, 1)}</s> <strong>{format.number(finding.corrected_value, 1)}</strong>
                    </>
                  ) : (
                    format.number(finding.value, 1)
                  )}{' '}
                  {t('finding.unit', { unit: unit === 'd' ? t('finding.days') : unit })}
                  {interval}
                  {unit === 'd' && <> · {t('finding.weeks', weeksAndDays(reported))}</>}
                </>
              )}
            </span>
          </Flex>
          <Flex wrap gap={4}>
            {image !== null && <Tag>{t('finding.where', { image, frame: finding.anchor.key_frame })}</Tag>}
            {plane !== null && <Tag>{plane}</Tag>}
            <Tag color={COLOURS[finding.state]}>{t(`findingState.${finding.state}`)}</Tag>
            {finding.certainty_percent > 0 && <Tag>{t(certainty, { percent: format.certainty(finding.certainty_percent) })}</Tag>}
            <Tag>{`${finding.model.name} ${finding.model.version}`}</Tag>
            {finding.model.mode === 'trial' && <Tag color="warning">{t('finding.investigational')}</Tag>}
          </Flex>
        </button>
        {onDecide && !correcting && (
          <Flex wrap gap={6}>
            {!optional && (
              <Button
                size="small"
                type={finding.state === 'accepted' ? 'primary' : 'default'}
                aria-pressed={finding.state === 'accepted'}
                onClick={() => onDecide({ finding_id, state: 'accepted' })}
                data-testid="accept"
              >
                {t('finding.accept')}
              </Button>
            )}
            <Button size="small" type={finding.state === 'corrected' ? 'primary' : 'default'} onClick={() => setCorrecting(true)} data-testid="correct">
              {t('finding.correct')}
            </Button>
            {optional ? (
              <Button size="small" onClick={() => onDecide({ finding_id, state: 'proposed' })} data-testid="withdraw">
                {t('finding.withdraw')}
              </Button>
            ) : (
              <Button
                size="small"
                danger
                type={finding.state === 'rejected' ? 'primary' : 'default'}
                aria-pressed={finding.state === 'rejected'}
                onClick={() => onDecide({ finding_id, state: 'rejected' })}
                data-testid="reject"
              >
                {t('finding.reject')}
              </Button>
            )}
          </Flex>
        )}
        {onDecide && correcting && <Correction finding={finding} onDecide={onDecide} onClose={() => setCorrecting(false)} />}
      </Flex>
    </div>
  )
}
