import { describe, expect, it } from 'vitest'
import type { Finding, Report } from '../src/api/types'
import { decide, draftOf, fitted, sameReading, stated, unchanged, undecided, viewsNow, withDecision, withStored } from '../src/expert/draft'
import { correctedAnswerOf } from '../src/expert/stated'
import { inOrder } from '../src/expert/where'

const finding = (finding_id: string, part: Partial<Finding> = {}): Finding => ({
  finding_id, code: '11984-2', code_scheme: 'LN', code_meaning: '', label_zh: '头围 HC', label_en: 'HC', coded: false, answer: null, answer_zh: '', answer_en: '', why: '', sentence_zh: '', sentence_en: '', value: 250, unit: 'mm', lower: 0, upper: 0, method: '',
  certainty_percent: 97, state: 'accepted', corrected_value: null, alternatives: [], corrected_answer: null, corrected_text: '', reviewed_by: '', model: { name: 'm', version: '1', mode: 'trial' },
  anchor: { series_instance_uid: '1', sop_instance_uid: finding_id, first_frame: 1, last_frame: 1, key_frame: 1, plane: null, plane_zh: null, plane_en: null, contour: [] }, ...part,
})
const text = { description: '', impression: '未见异常。', recommendation: '', critical: false }
const reading = (findings: Finding[]) => ({ findings, ...text })

describe('an addendum', () => {
  it('decides findings of a later analysis too, and forgets those that it replaced', () => {
    const before = decide(draftOf(reading([finding('old'), finding('kept')])), { finding_id: 'kept', state: 'rejected' })
    const now = reading([finding('kept'), finding('late', { state: 'proposed' })])
    const draft = fitted(before, now)
    expect(draft.findings.map((one) => [one.finding_id, one.state])).toEqual([['kept', 'rejected'], ['late', 'proposed']])
    expect(undecided(draft)).toBe(1)
    const decided = fitted(decide(draft, { finding_id: 'late', state: 'accepted' }), now)
    expect(undecided(decided)).toBe(0)
  })
})

describe('an answer that the expert corrects', () => {
  const alternatives = [{ code: '21594007', zh: '恶性', en: 'Malignant' }, { code: 'other', zh: '其他', en: 'Other' }]
  const nature = finding('n', { coded: true, answer: '30807003', state: 'proposed', alternatives })

  it('is shown by its name or in the expert’s words at once, and goes to the service by its code', () => {
    const chosen = decide(draftOf(reading([nature])), { finding_id: 'n', state: 'corrected', corrected_answer: '21594007' })
    const malignant = withDecision(nature, chosen)
    expect(correctedAnswerOf(malignant, 'zh')).toBe('恶性')
    expect(draftOf(reading([malignant]))).toEqual(chosen)
    const written = withDecision(nature, decide(chosen, { finding_id: 'n', state: 'corrected', corrected_answer: 'other', corrected_text: 'Cyst' }))
    expect(correctedAnswerOf(written, 'zh')).toBe('Cyst')
    expect(unchanged(reading([written]), draftOf(reading([written])))).toBe(true)
  })

  it('is forgotten when AI’s own is accepted after all', () => {
    const corrected = finding('n', { ...nature, state: 'corrected', corrected_answer: { code: 'other', zh: '其他', en: 'Other' }, corrected_text: 'Cyst' })
    const back = withDecision(corrected, decide(draftOf(reading([corrected])), { finding_id: 'n', state: 'accepted' }))
    expect([correctedAnswerOf(back, 'en'), back.corrected_text]).toEqual([null, ''])
  })
})

describe('a hint that the expert corrects', () => {
  const view = finding('v', { coded: true, answer: 'liver', state: 'proposed', alternatives: [{ code: 'breast', zh: '乳腺', en: 'Breast' }] })
  const report = { ...reading([finding('a')]), hints: [view] }

  it('stands with the findings until AI’s own is taken back, and never keeps from signing', () => {
    const before = draftOf(report)
    expect(stated(report, before).map((one) => one.finding_id)).toEqual(['a'])
    const corrected = decide(before, { finding_id: 'v', state: 'corrected', corrected_answer: 'breast' })
    expect(stated(report, corrected).map((one) => correctedAnswerOf(one, 'en'))).toEqual([null, 'Breast'])
    const saved = { ...report, findings: [...report.findings, withDecision(view, corrected)] }
    const back = decide(corrected, { finding_id: 'v', state: 'proposed' })
    for (const one of [report, saved]) expect(stated(one, back).map((each) => each.finding_id)).toEqual(['a'])
  })
})

describe('words about the views that nobody touched', () => {
  const sent = { ...draftOf(reading([])), description: 'Views seen by AI: liver.' }
  const stored = 'Views seen by AI, corrected by the expert: breast.'

  it('follow what the service stored, unless somebody wrote meanwhile', () => {
    expect(withStored({ ...sent, impression: 'new' }, sent, stored)).toEqual({ ...sent, impression: 'new', description: stored })
    const written = { ...sent, description: `${sent.description} Even echoes.` }
    expect(withStored(written, sent, stored)).toBe(written)
    expect(withStored(sent, sent, undefined)).toBe(sent)
  })

  it('are told to name other views by whichever answer is the later one', () => {
    const report = { etag: '"9"', views_now: 'old' }
    expect(viewsNow(report, {})).toBe('old')
    expect(viewsNow(report, { etag: '"10"', views_now: null })).toBeNull()
    expect(viewsNow({ ...report, etag: '"11"' }, { etag: '"10"', views_now: null })).toBe('old')
  })
})

describe('the second of two readers', () => {
  const first = reading([finding('a')])
  const report = (part: object): Report => ({ ...first, first_reading: first, ...part }) as unknown as Report

  it('agrees while the draft says what the first signed', () => {
    expect(sameReading(report({}))).toBe(true)
  })

  it('has changed it once a word or a decision differs', () => {
    expect(sameReading(report({ impression: '建议复查。' }))).toBe(false)
    expect(sameReading(report({ findings: [finding('a', { state: 'rejected' })] }))).toBe(false)
    expect(sameReading(report({ first_reading: null }))).toBe(false)
  })
})

describe('findings beside the pictures', () => {
  it('stand in the order of the pictures and their frames', () => {
    const anchor = (sop_instance_uid: string, first_frame: number) => ({ ...finding('x').anchor, sop_instance_uid, first_frame })
    const found = [finding('1', { anchor: anchor('second', 1) }), finding('2', { anchor: anchor('first', 9) }), finding('3', { anchor: anchor('first', 2) })]
    const where = (one: Finding['anchor']) => (one.sop_instance_uid === 'first' ? 1 : 2)
    expect(inOrder(found, where).map((one) => one.finding_id)).toEqual(['3', '2', '1'])
  })
})

describe('a draft whose edition grew', () => {
  it('is still ours when only an analysis was offered, in whatever order its findings stand', () => {
    const report = reading([finding('a'), finding('b', { state: 'corrected', corrected_value: 3 })])
    const saved = decide(draftOf(report), { finding_id: 'a', state: 'accepted' })
    expect(unchanged(report, saved)).toBe(true)
    expect(unchanged({ ...report, description: 'by somebody else' }, saved)).toBe(false)
  })
})
