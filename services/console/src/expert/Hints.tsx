import { Alert, Button, Collapse, Flex, Tag, Typography } from 'antd'
import { useContext, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Finding, FindingDecision, Report, Silence } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { sentence } from '../i18n/zh/sentences'
import { useFormat } from '../ui/useFormat'
import { Correction } from './Correction'
import { answerOf, byImage, contradictionsOf, correctable, labelOf, SAY_THEMSELVES, silencesOf, unjudged, unreadable, VIEW } from './stated'
import { WhereContext } from './where'

/** A sentence as part of another one. */
const ended = (sentence: string): string => sentence.replace(/[.。]$/, '')

interface Props {
  report: Report
  /** Hints among them stand with the findings. */
  decided: Finding[]
  selected: string | null
  onChoose: (finding: Finding) => void
  onDecide: (decision: FindingDecision) => void
}

/** What AI sees in the images beside the findings: views, quality, criteria of planes, and what it is silent on. Nobody must decide them; views can be corrected. */
export function Hints({ report, decided, selected, onChoose, onDecide }: Props) {
  const { t } = useTranslation()
  const where = useContext(WhereContext)
  const language = useLanguage()
  const format = useFormat()
  const open = report.hints.filter((hint) => !decided.some((one) => one.finding_id === hint.finding_id))
  const said = new Map(byImage(open, (hint) => where(hint.anchor)))
  const silent = silencesOf(report.silences, where)
  const images = [...new Set([...said.keys(), ...silent.keys()])].sort((a, b) => a - b)
  const investigational = [...report.findings, ...report.hints].some((one) => one.model.mode === 'trial')
  const unread = unreadable(report.silences, where)
  if (!investigational && images.length === 0 && report.failures.length === 0) return null
  return (
    <Flex vertical gap={8} data-testid="hints">
      {investigational && <Alert type="warning" showIcon title={t('hints.investigational')} data-testid="investigational" />}
      {report.failures.map((one) => (
        <Alert key={one.model} type="warning" showIcon title={failure(one)} data-testid="failure" />
      ))}
      {unread.length > 0 && <Alert type="warning" showIcon title={t('hints.unreadable', { images: unread.join(t('hints.separator')) })} data-testid="unreadable" />}
      {contradictionsOf(report.contradictions, where).map(({ first, images: shown }) => {
        const said = { images: shown.join(t('hints.separator')) || '—', part: first.body_part, view: language === 'zh' ? first.view_zh : first.view_en }
        return <Alert key={`${first.body_part} ${first.view_en}`} type="warning" showIcon title={t('hints.contradiction', said)} data-testid="contradiction" />
      })}
      {images.length > 0 && (
        <Collapse
          size="small"
          defaultActiveKey={images.length <= 6 ? ['hints'] : []}
          items={[
            {
              key: 'hints',
              label: t('hints.title', { count: images.length }),
              children: images.map((image) => (
                <ImageHints key={image} image={image} hints={said.get(image) ?? []} silences={silent.get(image) ?? []} selected={selected} onChoose={onChoose} onDecide={onDecide} />
              )),
            },
          ]}
        />
      )}
    </Flex>
  )

  function failure({ model, version, reason }: Failure): string {
    const what = model === '' ? t('hints.failedWhole') : t('hints.failed', { model: `${model} ${version}`.trim() })
    const why = (language === 'zh' && sentence(reason, format.dateTime)) || reason
    return why === '' ? what : t('hints.because', { what, why: ended(why) })
  }
}

interface ImageProps extends Pick<Props, 'selected' | 'onChoose' | 'onDecide'> {
  image: number
  hints: Finding[]
  silences: Silence[]
}

function ImageHints({ image, hints, silences, selected, onChoose, onDecide }: ImageProps) {
  const [correcting, setCorrecting] = useState<string | null>(null)
  const wrong = hints.find((hint) => hint.finding_id === correcting)
  const { t } = useTranslation()
  const language = useLanguage()
  const format = useFormat()
  const judged = hints.filter((hint) => !hint.coded || hint.answer !== null)
  const because = (why: string): string => (language === 'zh' && sentence(why, format.dateTime)) || why
  const notJudged = unjudged(hints, language).map(([why, labels]) => {
    if (labels.length === 0) return because(why)
    const what = t('hints.unjudged', { what: labels.join(t('hints.separator')) })
    return why === '' ? what : t('hints.because', { what, why: ended(because(why)) })
  })
  const text = (hint: Finding): string => {
    const said = hint.coded ? answerOf(hint, language) : `${format.number(hint.value, 1)} ${hint.unit}`
    return hint.coded && SAY_THEMSELVES.includes(hint.code) ? said : `${labelOf(hint, language)}: ${said}`
  }
  const frames = ({ anchor }: Finding): string =>
    anchor.last_frame > anchor.first_frame ? t('hints.frames', { first: anchor.first_frame, last: anchor.last_frame }) : anchor.first_frame > 1 ? t('hints.frame', { frame: anchor.first_frame }) : ''
  return (
    <Flex wrap gap={4} align="center" className="image-hints">
      <Typography.Text type="secondary">{image ? t('hints.image', { image }) : '—'}</Typography.Text>
      {judged.map((hint) => (
        <button key={hint.finding_id} type="button" className="hint" aria-pressed={hint.finding_id === selected} onClick={() => onChoose(hint)} data-testid={`hint-${hint.code}`}>
          <Tag color={hint.code === VIEW ? 'blue' : undefined}>
            {text(hint)} {hint.certainty_percent > 0 && t('finding.certainty', { percent: format.certainty(hint.certainty_percent) })} {frames(hint)}
          </Tag>
        </button>
      ))}
      {notJudged.map((line) => (
        <Typography.Text key={line} type="secondary" className="unjudged" data-testid="unjudged">
          {line}
        </Typography.Text>
      ))}
      {silences.map((silence) => (
        <Typography.Text key={`${silence.model} ${silence.reason_en}`} type={silence.model ? 'secondary' : 'danger'} data-testid="silence">
          {silence.model && `${silence.model}: `}
          {language === 'zh' ? silence.reason_zh : silence.reason_en}
          {silence.frames > 1 && t('hints.silentFrames', { count: silence.frames })}
        </Typography.Text>
      ))}
      {hints.filter(correctable).map((hint) => (
        <Button
          key={hint.finding_id}
          size="small"
          aria-expanded={hint === wrong}
          onClick={() => setCorrecting(hint === wrong ? null : hint.finding_id)}
          data-testid={`correct-${hint.code}`}
        >
          {t('hints.correct', { what: text(hint) })}
        </Button>
      ))}
      {wrong && (
        <div className="hint-correction">
          <Correction key={wrong.finding_id} finding={wrong} onDecide={onDecide} onClose={() => setCorrecting(null)} />
        </div>
      )}
    </Flex>
  )
}
