import { describe, expect, it } from 'vitest'
import { actionOf, KEY_NAMES } from '../src/viewer/hotkeys'

const key = (part: object) => ({ code: 'KeyL', key: 'l', isComposing: false, ctrlKey: false, metaKey: false, altKey: false, ...part })

describe('hotkeys', () => {
  it('go by the key’s place, not by what an input method or layout makes of it', () => {
    expect(actionOf(key({ key: 'д' }), false)).toBe('length')
    expect(actionOf(key({ code: 'Space', key: ' ' }), false)).toBe('play')
  })

  it('stay silent while an input method composes', () => {
    expect(actionOf(key({ isComposing: true }), false)).toBeNull()
    expect(actionOf(key({ key: 'Process' }), false)).toBeNull()
  })

  it('stay silent in text fields and with modifiers', () => {
    expect(actionOf(key({}), true)).toBeNull()
    expect(actionOf(key({ ctrlKey: true }), false)).toBeNull()
    expect(actionOf(key({ code: 'KeyQ' }), false)).toBeNull()
  })
})

describe('the list of keys', () => {
  it('names every action that a key has', () => {
    const codes = ['Space', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'KeyW', 'KeyZ', 'KeyP', 'KeyL', 'KeyE', 'KeyR', 'KeyO', 'Delete', 'Backspace', 'Slash']
    const actions = new Set(codes.map((code) => actionOf(key({ code, key: '' }), false)))
    expect(new Set(KEY_NAMES.map(([action]) => action))).toEqual(actions)
  })
})
