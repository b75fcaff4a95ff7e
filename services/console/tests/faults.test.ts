import { describe, expect, it } from 'vitest'
import { type Analysis, faults, otherAnatomies, unreadable } from '../src/clinic/faults'

const hint = (answer: string | null, image: string) => ({
  code: { value: '111101' }, evaluation: { answer: answer === null ? null : { value: answer, meaning: '' } }, anchor: { sop_instance_uid: image },
})

describe('hints on images', () => {
  it('name each fault once, with the number of images that have it', () => {
    const analysis: Analysis = { state: 'completed', hints: [hint('gain-too-low', '1'), hint('gain-too-low', '1'), hint('gain-too-low', '2'), hint('122742', '2'), hint('122741', '3'), hint(null, '3')] }
    expect(faults(analysis)).toEqual([['122742', 1], ['gain-too-low', 2]])
  })

  it('count the images that no model could read', () => {
    const silent = [{ model: '', sop_instance_uid: '1' }, { model: 'view', sop_instance_uid: '2' }]
    expect(unreadable({ state: 'completed', silences: silent })).toBe(1)
    expect(unreadable({ state: 'completed' })).toBe(0)
  })

  it('tell another anatomy than the exam says once, with the number of its images', () => {
    const other = (image: string, value: string) => ({ sop_instance_uid: image, body_part: 'ABDOMEN', view: { value, meaning: '' } })
    const analysis: Analysis = { state: 'completed', contradictions: [other('1', 'breast'), other('2', 'lung'), other('3', 'breast')] }
    expect(otherAnatomies(analysis).map(({ view, count }) => [view.value, count])).toEqual([['breast', 2], ['lung', 1]])
  })

  it('say nothing of an analysis from before there were any', () => {
    expect(faults({ state: 'completed' })).toEqual([])
  })
})
