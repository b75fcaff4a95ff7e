import type { Contradiction, Finding, Silence } from '../api/types'
import type { Language } from '../i18n'

/** What a finding is about, and the answer that a coded one gives, in the reader's language. */
export const labelOf = (finding: Finding, language: Language): string => (language === 'zh' ? finding.label_zh : finding.label_en)
export const answerOf = (finding: Finding, language: Language): string => (language === 'zh' ? finding.answer_zh : finding.answer_en)

/** What the expert answers instead of AI, or null. */
export function correctedAnswerOf(finding: Finding, language: Language): string | null {
  return finding.corrected_text || (finding.corrected_answer?.[language] ?? null)
}

/** Whether an expert may say something else instead: there are other answers than words of one's own. */
export const correctable = (finding: Finding): boolean => finding.alternatives.length > 1

export const OTHER = 'other' // an answer in the expert's own words
export const VIEW = '111031' // PS3.16: Image View
/** Questions whose answers need no label: Image View, Image Quality, Quality Finding. */
export const SAY_THEMSELVES = [VIEW, '111101', '111052']

/** The hints of each image, in the order of the study; those of views first. */
export function byImage(hints: Finding[], imageOf: (finding: Finding) => number | null): [number, Finding[]][] {
  const groups = new Map<number, Finding[]>()
  for (const hint of hints) {
    const image = imageOf(hint) ?? 0
    groups.set(image, [...(groups.get(image) ?? []), hint])
  }
  const place = (hint: Finding): [number, number] => [hint.code === VIEW ? 0 : 1, hint.anchor.first_frame]
  for (const group of groups.values()) group.sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1])
  return [...groups].sort(([a], [b]) => a - b)
}

/** What AI is silent on, by image; what no model could be asked about first, then what concerns most frames. */
export function silencesOf(silences: Silence[], imageOf: (silence: Silence) => number | null): Map<number, Silence[]> {
  const groups = new Map<number, Silence[]>()
  for (const silence of silences) {
    const image = imageOf(silence) ?? 0
    groups.set(image, [...(groups.get(image) ?? []), silence])
  }
  for (const group of groups.values()) group.sort((a, b) => Number(a.model !== '') - Number(b.model !== '') || b.frames - a.frames)
  return groups
}

/** What cannot be judged, by the reason: the labels of those that share one. Of what says itself the reason alone. */
export function unjudged(hints: Finding[], language: Language): [why: string, labels: string[]][] {
  const groups = new Map<string, string[]>()
  for (const hint of hints.filter((one) => one.coded && one.answer === null)) {
    const labels = groups.get(hint.why) ?? []
    groups.set(hint.why, hint.why !== '' && SAY_THEMSELVES.includes(hint.code) ? labels : [...labels, labelOf(hint, language)])
  }
  return [...groups]
}

/** Which images no model could be asked about. */
export function unreadable(silences: Silence[], imageOf: (silence: Silence) => number | null): number[] {
  return silences.filter(({ model }) => model === '').flatMap((one) => imageOf(one) ?? []).sort((a, b) => a - b)
}

/** Where images show another anatomy than the exam says, each pair of anatomies once with its images. */
export function contradictionsOf(all: Contradiction[], imageOf: (one: Contradiction) => number | null): { first: Contradiction; images: number[] }[] {
  const groups = new Map<string, { first: Contradiction; images: number[] }>()
  for (const one of all) {
    const key = `${one.body_part}/${one.view_en}`
    const group = groups.get(key) ?? { first: one, images: [] }
    groups.set(key, { ...group, images: [...group.images, imageOf(one) ?? 0].filter(Boolean).sort((a, b) => a - b) })
  }
  return [...groups.values()]
}

/** Days of gestation as people write them: whole weeks and the days beyond. */
export function weeksAndDays(days: number): { weeks: number; days: number } {
  const whole = Math.round(days)
  return { weeks: Math.floor(whole / 7), days: whole % 7 }
}

/** The text with the sentences of what was accepted or corrected beneath it, each once. */
export function withSentences(text: string, findings: Finding[], language: Language): string {
  const said = findings.filter((one) => one.state === 'accepted' || one.state === 'corrected').map((one) => (language === 'zh' ? one.sentence_zh : one.sentence_en))
  const lines = text.split('\n').filter((line) => line !== '')
  return [...lines, ...[...new Set(said)].filter((sentence) => !lines.includes(sentence))].join('\n')
}
