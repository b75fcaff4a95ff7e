import { describe, expect, it } from 'vitest'
import { en } from '../src/i18n/en'
import { zh } from '../src/i18n/zh'

type Tree = { [key: string]: string | Tree }

function texts(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[path + key, value] as [string, string]] : texts(value, `${path}${key}.`)))
}

const places = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).sort()

describe('the two languages', () => {
  const english = new Map(texts(en))
  const chinese = new Map(texts(zh))

  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('name the same values in each text, and leave none empty', () => {
    for (const [key, text] of english) {
      expect([key, places(chinese.get(key) ?? '')]).toEqual([key, places(text)])
      expect([key, text.trim() !== '', (chinese.get(key) ?? '').trim() !== '']).toEqual([key, true, true])
    }
  })
})
