import { describe, expect, it } from 'vitest'
import type { Contradiction, Finding, Silence } from '../src/api/types'
import { answerOf, byImage, contradictionsOf, labelOf, silencesOf, unjudged, unreadable, weeksAndDays, withSentences } from '../src/expert/stated'

const hint = (code: string, image: number, frame = 1): Finding =>
  ({ finding_id: `${code}/${image}/${frame}`, code, label_zh: '切面', label_en: 'View', answer_zh: '肝脏', answer_en: 'Liver', anchor: { first_frame: frame, sop_instance_uid: String(image) } }) as Finding
const decided = (state: Finding['state'], sentence: string): Finding => ({ state, sentence_zh: sentence, sentence_en: `${sentence} in English` }) as Finding

describe('what AI says of the images', () => {
  it('stands image by image, the view before the rest, in the order of the frames', () => {
    const groups = byImage([hint('111101', 2), hint('111031', 2, 9), hint('111031', 1), hint('111031', 2, 3)], ({ anchor }) => Number(anchor.sop_instance_uid))
    expect(groups.map(([image, hints]) => [image, hints.map((one) => one.finding_id)])).toEqual([
      [1, ['111031/1/1']],
      [2, ['111031/2/3', '111031/2/9', '111101/2/1']],
    ])
  })

  it('is silent image by image, unread files first, then what concerns most frames', () => {
    const silence = (model: string, image: string, frames: number) => ({ model, sop_instance_uid: image, frames }) as Silence
    const silent = silencesOf([silence('view', '2', 3), silence('head', '2', 9), silence('', '2', 1), silence('view', '1', 1)], (one) => Number(one.sop_instance_uid))
    expect([...silent].map(([image, silences]) => [image, silences.map(({ model }) => model)])).toEqual([
      [2, ['', 'head', 'view']],
      [1, ['view']],
    ])
  })

  it('names what cannot be judged once for each reason, and what says itself by its reason alone', () => {
    const open = (code: string, why: string, label: string) => ({ ...hint(code, 1), coded: true, answer: null, why, label_en: label }) as Finding
    const hints = [open('thalami', 'not learnt', 'Thalami'), open('111101', 'Not sure: motion blur', 'Image quality'), open('cavum', 'not learnt', 'Cavum'), { ...hint('oval', 1), coded: true, answer: '52101004' }]
    expect(unjudged(hints, 'en')).toEqual([
      ['not learnt', ['Thalami', 'Cavum']],
      ['Not sure: motion blur', []],
    ])
  })

  it('tells another anatomy than the exam says once, with its images in their order', () => {
    const other = (image: string, view: string) => ({ sop_instance_uid: image, body_part: 'ABDOMEN', view_en: view }) as Contradiction
    const groups = contradictionsOf([other('5', 'Breast'), other('2', 'Lung'), other('1', 'Breast')], (one) => Number(one.sop_instance_uid))
    expect(groups.map(({ first, images }) => [first.view_en, images])).toEqual([
      ['Breast', [1, 5]],
      ['Lung', [2]],
    ])
  })

  it('names the images that AI could not read, in their order', () => {
    const silence = (model: string, image: string) => ({ model, sop_instance_uid: image }) as Silence
    expect(unreadable([silence('', '7'), silence('head', '2'), silence('', '3')], (one) => Number(one.sop_instance_uid))).toEqual([3, 7])
  })

  it('is said in the language of the page', () => {
    expect([labelOf(hint('111031', 1), 'zh'), answerOf(hint('111031', 1), 'en')]).toEqual(['切面', 'Liver'])
  })
})

describe('gestation', () => {
  it('is told in whole weeks and days', () => {
    expect([89.2, 90.6, 139.5].map(weeksAndDays)).toEqual([
      { weeks: 12, days: 5 },
      { weeks: 13, days: 0 },
      { weeks: 20, days: 0 },
    ])
  })
})

describe('sentences of findings', () => {
  it('stand beneath what was written, once, and only those that were accepted or corrected', () => {
    const findings = [decided('accepted', '甲。'), decided('rejected', '乙。'), decided('corrected', '丙。'), decided('proposed', '丁。')]
    const once = withSentences('已写。', findings, 'zh')
    expect(once).toBe('已写。\n甲。\n丙。')
    expect(withSentences(once, findings, 'zh')).toBe(once)
    expect(withSentences('', findings, 'en')).toBe('甲。 in English\n丙。 in English')
  })
})
