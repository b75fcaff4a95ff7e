/// <reference types="node" />
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Problem } from '../src/api/problem'
import { inChinese, patterns, REFUSALS, sentence } from '../src/i18n/zh/sentences'

const SERVICES = join(import.meta.dirname, '..', '..')

/** All Python of the services as one text, in which sentences over several string literals are joined. */
function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name.endsWith('.py') && !entry.parentPath.includes('console'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
    .replace(/"\s*f?"/g, '')
}

/** The words of a pattern between its groups, as they stand in the sources. */
function words(pattern: RegExp): string[] {
  return pattern.source
    .replace(/^\^/, '')
    .split(/\\?'?\(.*?\)'?\\?|\\[wSd][+]?/)
    .map((part) => part.replaceAll('\\', '').trim())
    .filter((part) => part.length >= 8)
}

const plain = (instant: string) => instant.slice(11, 16)

describe('the Chinese of what services say', () => {
  it('translates only sentences that the services still say', () => {
    const said = sources(SERVICES) + sources(join(SERVICES, '..', 'infra'))
    const gone = patterns().filter((pattern) => words(pattern).some((part) => !said.includes(part)))
    expect(gone.map(String)).toEqual([])
  })

  it('keeps the names and times that a sentence holds', () => {
    const english = '陈静 works on this until 2026-11-23T03:30:00+00:00; it can be taken over once that lease has ended'
    expect(sentence(english, plain)).toBe('陈静 正在阅片，至 03:30；届时若未续期即可接手。')
  })

  it('names in Chinese what a model is not sure of', () => {
    expect(sentence('Not sure: gain too low, motion blur', plain)).toBe('不确定：增益过低、运动模糊')
  })

  it('tells a refused file by its stable reason', () => {
    const refused = new Problem(422, 'Invalid', 'this is not a DICOM file: …; send DICOM files (PS3.10)', { reason: 'not_dicom' })
    expect(inChinese(refused, plain)).toBe('不是 DICOM 文件。请发送 DICOM 文件（PS3.10）。')
  })

  it('has a Chinese reason for every reason of ingest', () => {
    const table = readFileSync(join(SERVICES, 'ingest', 'model', 'refusals.py'), 'utf8')
    const codes = [...table.matchAll(/Reason\(\s*"(\w+)"/g)].map((found) => found[1])
    expect(codes.length).toBeGreaterThan(5)
    expect(Object.keys(REFUSALS).sort()).toEqual([...codes].sort())
  })

  it('says nothing of a sentence that it does not know', () => {
    expect(sentence('something new', plain)).toBeNull()
  })
})
